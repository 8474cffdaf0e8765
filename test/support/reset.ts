import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { temporalExecutable } from '../../src/temporal/executable.ts';

/** Resets a workflow as an operator does, by Temporal's own tool: to a type of event, or to an event. */
export async function resetWorkflow(
  address: string,
  workflowId: string,
  to: 'FirstWorkflowTask' | 'LastWorkflowTask' | number = 'LastWorkflowTask',
): Promise<void> {
  const point = typeof to === 'number' ? ['--event-id', String(to)] : ['--type', to];
  await promisify(execFile)(await temporalExecutable(), [
    ...['workflow', 'reset', '--address', address, '--workflow-id', workflowId],
    ...['--reason', 'tried by a test', ...point],
  ]);
}
