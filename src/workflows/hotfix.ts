import {
  ApplicationFailure,
  CancellationScope,
  condition,
  workflowInfo,
} from '@temporalio/workflow';
import type { HotfixInput, HotfixResult } from '../process/contract.ts';
import { cut } from '../process/cut.ts';
import { open, restore } from '../process/decide.ts';
import { type IncidentEvent, openingSchema } from '../process/events.ts';
import { describeIssues, safely } from '../process/signals.ts';
import { isUnreadable } from '../process/unreadable.ts';
import {
  fileFollowUps,
  measureRollbacks,
  preflight,
  retrospective,
  sendNotifications,
  settleDoubts,
} from './errands.ts';
import { chaseWhatIsInHand } from './escalations.ts';
import { phaseSteps } from './phases.ts';
import { now, Run } from './run.ts';

/** One incident, from its declaration to the last item of its checklist. */
export async function hotfix(input: HotfixInput): Promise<HotfixResult> {
  const run = begin(input);
  // A cancellation from Temporal is an abort like any other: what is under way ends in order.
  CancellationScope.current().cancelRequested.catch(() => run.hear({ kind: 'cancelled' }));
  await CancellationScope.nonCancellable(async () => {
    await Promise.all([
      throughThePhases(run),
      preflight(run),
      measureRollbacks(run),
      retrospective(run),
      sendNotifications(run),
      fileFollowUps(run),
      settleDoubts(run),
      chaseWhatIsInHand(run),
    ]);
    await condition(() => !run.isBusy);
  });
  return run.result();
}

function begin(input: unknown): Run {
  const opening = safely(openingSchema, input);
  if (opening.success) return new Run(open(opening.data, now()), true);
  const timeline = timelineOf(input);
  if (timeline) return carriedOn(timeline);
  throw badOpening(
    isUnreadable(input)
      ? `The argument cannot be read: ${input.unreadable}.`
      : describeIssues(opening.error),
  );
}

const timelineOf = (input: unknown): IncidentEvent[] | null =>
  typeof input === 'object' &&
  input !== null &&
  'timeline' in input &&
  Array.isArray(input.timeline)
    ? input.timeline
    : null;

/**
 * What we carry on with ourselves is right, and where it is not a task that fails can still be mended.
 * What somebody else begins with ends at once where it is no timeline.
 */
function carriedOn(timeline: IncidentEvent[]): Run {
  try {
    return new Run(restore(timeline), false);
  } catch (error) {
    if (workflowInfo().continuedFromExecutionRunId !== undefined) throw error;
    throw badOpening('Its timeline is none of an incident.');
  }
}

const badOpening = (problem: string) =>
  ApplicationFailure.nonRetryable(
    `This is not how an incident begins; use POST /incidents. ${cut(problem, 1_000)}`,
    'BadOpening',
  );

async function throughThePhases(run: Run): Promise<void> {
  while (!run.isOver) await phaseSteps[run.state.phase](run);
}
