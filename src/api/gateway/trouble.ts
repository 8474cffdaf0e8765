import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { lockWorkflowType, workflowType } from '../../process/contract.ts';
import {
  ApiProblem,
  incidentPaused,
  incidentStuck,
  isNoAnswer,
  isUnanswerable,
  noWorker,
} from '../problems.ts';
import { inTime, type TemporalDeps } from './deps.ts';

type Execution = Pick<WorkflowExecutionInfo, 'status' | 'workflowId' | 'typedSearchAttributes'>;

/** What is paused in Temporal is neither running nor ended. */
export const isOpen = ({ status }: Pick<Execution, 'status'>): boolean =>
  status.name === 'RUNNING' || status.name === 'PAUSED';

/** Temporal's own: set when a workflow's task has failed or timed out several times in a row. */
const reportedProblems = defineSearchAttributeKey('TemporalReportedProblems', 'KEYWORD_LIST');

/** A worker that dies costs a task one attempt; when it is tried for the third time it is the task's doing. */
const suspiciousAttempt = 3;

export const stuck =
  'Its workflow cannot go on: its task fails each time that a worker tries it, so nobody is told anything. What is sent is recorded and waits. The history in the Temporal UI says why; it goes on by itself when a worker is there that can.';

const pausedBy = (workflowId: string): string =>
  `Paused in Temporal: nobody is told anything, and what is sent waits, until it is unpaused: temporal workflow unpause --workflow-id ${workflowId}`;

/** Why an open incident does not go on, in a sentence; null where nothing is known against it. */
export function troubleOf(execution: Execution): string | null {
  if (execution.status.name === 'PAUSED') return pausedBy(execution.workflowId);
  const isReported = (execution.typedSearchAttributes.get(reportedProblems) ?? []).length > 0;
  return execution.status.name === 'RUNNING' && isReported ? stuck : null;
}

/** The same of a description, which knows of a task that fails before Temporal reports it. */
export function troubleOfDescribed(description: WorkflowExecutionDescription): string | null {
  const attempt = description.raw.pendingWorkflowTask?.attempt ?? 0;
  return troubleOf(description) ?? (attempt >= suspiciousAttempt ? stuck : null);
}

/** The error to answer where a question to the workflow has failed; other errors are left as they are. */
export function whyUnanswered(
  error: unknown,
  description: WorkflowExecutionDescription,
  what: string,
): unknown {
  if (!isNoAnswer(error) && !isUnanswerable(error)) return error;
  if (description.status.name === 'PAUSED') return incidentPaused(what);
  const isStuck = isUnanswerable(error) || troubleOfDescribed(description) !== null;
  return isStuck ? incidentStuck(what) : noWorker(what);
}

/** Nobody can say how the incident is now; what was known last may do. */
export const isUnanswered = (error: unknown): error is ApiProblem =>
  error instanceof ApiProblem &&
  ['no_worker', 'incident_stuck', 'incident_paused'].includes(error.code);

/** How many incidents do not go on; null where this Temporal cannot tell. */
export interface Troubled {
  stuck: number | null;
  paused: number | null;
}

const troubles: Record<keyof Troubled, string> = {
  stuck:
    "ExecutionStatus = 'Running' AND TemporalReportedProblems IN ('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')",
  paused: "ExecutionStatus = 'Paused'",
};

/** In milliseconds: whoever asks whether all is well waits for it. */
const patience = 2_000;

export async function countTroubled(deps: TemporalDeps): Promise<Troubled> {
  const count = async (trouble: keyof Troubled): Promise<number | null> => {
    // A lock that is stuck holds up every deploy of its service.
    const types = `WorkflowType IN ('${workflowType}', '${lockWorkflowType}')`;
    const query = `${types} AND ${troubles[trouble]}`;
    try {
      return (await inTime(deps, () => deps.client.workflow.count(query), patience)).count;
    } catch {
      return null;
    }
  };
  const [stuckOnes, paused] = await Promise.all([count('stuck'), count('paused')]);
  return { stuck: stuckOnes, paused };
}
