import {
  type WorkflowExecutionDescription,
  type WorkflowExecutionInfo,
  WorkflowNotFoundError,
} from '@temporalio/client';
import {
  type HotfixMemo,
  type HotfixResult,
  incidentIdOf,
  queries,
  workflowIdOf,
  workflowType,
} from '../../process/contract.ts';
import type { IncidentEvent, Status } from '../../process/events.ts';
import type { IncidentView } from '../../process/view.ts';
import { attributes } from '../../temporal/searchAttributes.ts';
import { incidentNotFound, isNoAnswer, isUnanswerable } from '../problems.ts';
import { ask, type GatewayDeps, inTime, linkOf, type TemporalLink } from './deps.ts';
import { isOpen, stuck, troubleOfDescribed, whyUnanswered } from './trouble.ts';

/**
 * An incident as it is answered: `stale` where no worker could say how it is now; `problem` says why it
 * does not go on.
 */
export type IncidentAnswer = IncidentView & {
  stale: boolean;
  problem: string | null;
  temporal: TemporalLink;
};

export async function describe(
  deps: GatewayDeps,
  id: string,
): Promise<WorkflowExecutionDescription> {
  try {
    const handle = deps.client.workflow.getHandle(workflowIdOf(id));
    const description = await inTime(deps, () => handle.describe());
    if (description.type !== workflowType) throw incidentNotFound(id);
    return description;
  } catch (error) {
    throw error instanceof WorkflowNotFoundError ? incidentNotFound(id) : error;
  }
}

export async function readIncident(deps: GatewayDeps, id: string): Promise<IncidentAnswer> {
  const description = await describe(deps, id);
  const temporal = linkOf(deps, id, description.runId);
  if (!isOpen(description)) {
    const result = await resultOf(deps, description);
    const view = result?.incident ?? lastKnown(description);
    return { ...view, stale: false, problem: null, temporal };
  }
  try {
    const view = await deps.answers.asOf(description, [queries.incident], {
      ask: () => ask<IncidentView>(deps, id, queries.incident),
      describe: () => describe(deps, id),
    });
    return { ...view, stale: false, problem: null, temporal };
  } catch (error) {
    if (!isNoAnswer(error) && !isUnanswerable(error)) throw error;
    const problem = troubleOfDescribed(description) ?? (isUnanswerable(error) ? stuck : null);
    return { ...lastKnown(description), stale: true, problem, temporal };
  }
}

/** The events after `after`, in order. */
export async function readTimeline(
  deps: GatewayDeps,
  id: string,
  after = 0,
): Promise<IncidentEvent[]> {
  const description = await describe(deps, id);
  if (!isOpen(description)) {
    const result = await resultOf(deps, description);
    if (result) return result.timeline.filter(({ seq }) => seq > after);
    // Ended from outside it returned nothing, but what it went through can still be replayed.
    lastKnown(description);
  }
  try {
    return await deps.answers.asOf(description, [queries.timeline, after], {
      ask: () => ask<IncidentEvent[]>(deps, id, queries.timeline, after),
      describe: () => describe(deps, id),
    });
  } catch (error) {
    throw whyUnanswered(error, description, 'the timeline');
  }
}

/** What an ended incident left; null where it was terminated or failed and left nothing. */
export async function resultOf(
  deps: GatewayDeps,
  { workflowId, runId, status }: WorkflowExecutionDescription,
): Promise<HotfixResult | null> {
  if (status.name !== 'COMPLETED') return null;
  const handle = deps.client.workflow.getHandle(workflowId, runId);
  return (await inTime(deps, () => handle.result())) as HotfixResult;
}

type KnownExecution = Pick<
  WorkflowExecutionInfo,
  'workflowId' | 'memo' | 'typedSearchAttributes' | 'status'
>;

/**
 * The memo has the incident as its phase began; the search attributes are newer, so they are laid
 * over it. A workflow that was ended from outside left its incident undone: that is an abort.
 */
export function lastKnown(description: KnownExecution): IncidentView {
  const { incident } = (description.memo ?? {}) as HotfixMemo;
  if (!incident) throw incidentNotFound(incidentIdOf(description.workflowId));
  const known = description.typedSearchAttributes;
  const roles = known.get(attributes.waitingFor);
  const view: IncidentView = {
    ...incident,
    status: (known.get(attributes.status) as Status | undefined) ?? incident.status,
    priority: known.get(attributes.priority) ?? incident.priority,
    waitingFor: incident.waitingFor.filter(({ role }) => !roles || roles.includes(role)),
  };
  const hasEnded = ['TERMINATED', 'FAILED', 'TIMED_OUT'].includes(description.status.name);
  return hasEnded
    ? { ...view, status: 'aborted', explanation: 'Ended from Temporal.', waitingFor: [] }
    : view;
}
