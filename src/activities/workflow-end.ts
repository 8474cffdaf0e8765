import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { sleep } from './clock.ts';

/** Between two looks, in milliseconds. */
const lookEvery = 2_000;

/** Resolves when the workflow has ended or is not there. */
export async function untilEnded(workflowId: string): Promise<void> {
  const { client, cancellationSignal, heartbeat } = Context.current();
  while (await isRunning(client.workflow.getHandle(workflowId))) {
    heartbeat();
    await sleep(lookEvery, cancellationSignal);
  }
}

async function isRunning(handle: {
  describe: () => Promise<{ status: { name: string } }>;
}): Promise<boolean> {
  try {
    return (await handle.describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
