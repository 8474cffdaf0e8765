import { Context } from '@temporalio/activity';
import { type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';
import { sleep } from './clock.ts';
import type { StepToWatch } from './types.ts';

/** Between two looks, in milliseconds: soon at first, since who says that it has ended is about to. */
const soonest = 100;
const latest = 500;

/** Resolves when the step has ended, or its workflow has or is not there. */
export async function untilEnded(watched: StepToWatch): Promise<void> {
  const { client, cancellationSignal, heartbeat } = Context.current();
  // A lock that began before this names the workflow alone.
  const { workflowId, key } =
    typeof watched === 'string' ? { workflowId: watched, key: undefined } : watched;
  const handle = client.workflow.getHandle(workflowId);
  for (let pause = soonest; await isOn(() => handle.describe(), key); ) {
    heartbeat();
    await sleep(pause, cancellationSignal);
    pause = Math.min(2 * pause, latest);
  }
}

async function isOn(
  describe: () => Promise<WorkflowExecutionDescription>,
  key: string | undefined,
): Promise<boolean> {
  try {
    const { status, raw } = await describe();
    if (ends.has(status.name)) return false;
    return key === undefined || (raw.pendingActivities ?? []).some((one) => isStep(one, key));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Every other status, as of a workflow that is paused, is not an end. */
const ends: ReadonlySet<string> = new Set([
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TERMINATED',
  'TIMED_OUT',
]);

type PendingActivity = NonNullable<
  WorkflowExecutionDescription['raw']['pendingActivities']
>[number];

/** A step is an activity by the name of its key; of an incident that began before this, by a number. */
const isStep = ({ activityId, activityType }: PendingActivity, key: string): boolean =>
  activityId === key ||
  (['deploy', 'rollback'].includes(activityType?.name ?? '') && /^\d+$/.test(activityId ?? ''));
