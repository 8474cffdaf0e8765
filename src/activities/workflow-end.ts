import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { sleep } from './clock.ts';

/** Between two looks, in milliseconds. */
const lookEvery = 2_000;

/** Resolves when the workflow has ended or is not there. */
export async function untilEnded(workflowId: string): Promise<void> {
  const { client, cancellationSignal, heartbeat } = Context.current();
  while (await isOpen(client.workflow.getHandle(workflowId))) {
    heartbeat();
    await sleep(lookEvery, cancellationSignal);
  }
}

/** A paused workflow has not ended: what it began goes on, and so does what it holds. */
async function isOpen(handle: {
  describe: () => Promise<{ status: { name: string } }>;
}): Promise<boolean> {
  try {
    return ['RUNNING', 'PAUSED'].includes((await handle.describe()).status.name);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
