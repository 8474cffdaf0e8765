import type { WorkflowExecutionInfo } from '@temporalio/client';
import { type GatewayDeps, inTime } from './deps.ts';
import { quote } from './start.ts';

/**
 * Leaves out each run whose workflow has a newer one: an incident that was reset in Temporal is there
 * with the run that goes on. Only what has ended can have a newer run, so only that is asked for.
 */
export async function newestRuns(
  deps: GatewayDeps,
  executions: WorkflowExecutionInfo[],
): Promise<WorkflowExecutionInfo[]> {
  const ended = new Set(
    executions
      .filter(({ status }) => status.name !== 'RUNNING')
      .map(({ workflowId }) => workflowId),
  );
  if (ended.size === 0) return executions;
  const known = executions.filter(({ workflowId }) => ended.has(workflowId));
  const newest = new Map<string, WorkflowExecutionInfo>();
  for (const run of await allRuns(deps, [...ended], known)) {
    const other = newest.get(run.workflowId);
    if (!other || isNewer(run, other)) newest.set(run.workflowId, run);
  }
  return executions.filter(
    ({ workflowId, runId }) => (newest.get(workflowId)?.runId ?? runId) === runId,
  );
}

/** The runs of the workflows; most have but one, and then none has to be read. */
async function allRuns(
  deps: GatewayDeps,
  workflowIds: string[],
  known: WorkflowExecutionInfo[],
): Promise<WorkflowExecutionInfo[]> {
  const query = `WorkflowId IN (${workflowIds.map(quote).join()}) AND ${isNotCarriedOn}`;
  const { count } = await inTime(deps, () => deps.client.workflow.count(query));
  if (count === known.length) return known;
  return listRuns(deps, query);
}

/** Every run that a query of visibility finds. */
export const listRuns = (deps: GatewayDeps, query: string): Promise<WorkflowExecutionInfo[]> =>
  inTime(deps, async () => {
    const runs: WorkflowExecutionInfo[] = [];
    for await (const run of deps.client.workflow.list({ query, pageSize: 500 })) runs.push(run);
    return runs;
  });

/** A run that went on in a new history is never the newest. */
export const isNotCarriedOn = "ExecutionStatus != 'ContinuedAsNew'";

const isNewer = (one: WorkflowExecutionInfo, other: WorkflowExecutionInfo): boolean =>
  one.status.name === 'RUNNING' ||
  (other.status.name !== 'RUNNING' && one.startTime.getTime() > other.startTime.getTime());
