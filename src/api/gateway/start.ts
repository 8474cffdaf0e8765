import {
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { type HotfixMemo, taskQueue, workflowIdOf, workflowType } from '../../process/contract.ts';
import { cut } from '../../process/cut.ts';
import { open } from '../../process/decide.ts';
import type { IncidentRequest, Opening, ServiceTerms } from '../../process/events.ts';
import { type IncidentView, viewOf } from '../../process/view.ts';
import { fixedAttributesOf, movingAttributesOf } from '../../workflows/searchAttributes.ts';
import { derivedId, generationOf, randomId } from '../ids.ts';
import { type GatewayDeps, inTime, linkOf, type TemporalLink, writeInTime } from './deps.ts';
import { describe } from './read.ts';
import { isOpen } from './trouble.ts';

export interface StartRequest {
  request: IncidentRequest;
  by: string;
  idempotencyKey: string | undefined;
  terms: ServiceTerms;
  now: string;
}

export type Started =
  | { isNew: true; incident: IncidentView; temporal: TemporalLink }
  | { isNew: false; id: string };

/** Starts an incident, or finds the one that the caller's keys name already. */
export async function startIncident(deps: GatewayDeps, start: StartRequest): Promise<Started> {
  const { dedupKey } = start.request;
  if (dedupKey !== undefined) return startByDedupKey(deps, start, dedupKey);
  const key = start.idempotencyKey;
  const id = key === undefined ? randomId() : derivedId('idempotencyKey', key);
  return (await tryStart(deps, start, id, 1)) ?? { isNew: false, id };
}

/**
 * Counts up through the incidents of the key to the first that is open or does not exist yet. Where
 * to begin comes from visibility, which may lag; what decides is the start itself, so concurrent
 * callers end at the same id.
 */
async function startByDedupKey(
  deps: GatewayDeps,
  start: StartRequest,
  key: string,
): Promise<Started> {
  const first = derivedId('dedupKey', key);
  for (let generation = await lastGeneration(deps, first); ; generation += 1) {
    const id = generationOf(first, generation);
    const started = await tryStart(deps, start, id, generation);
    if (started) return started;
    const found = await describe(deps, id);
    if (isOpen(found) || isRetryOf(found, start.idempotencyKey)) return { isNew: false, id };
  }
}

/** The very call that began an incident which has ended since: it gets that one and no second. */
const isRetryOf = ({ memo }: WorkflowExecutionDescription, key: string | undefined): boolean =>
  key !== undefined && (memo as HotfixMemo | undefined)?.requestId === key;

/** Found by what the ids have in common: a query cannot hold every text that a key may be. */
async function lastGeneration(deps: GatewayDeps, first: string): Promise<number> {
  const query = `WorkflowId STARTS_WITH ${quote(workflowIdOf(first))}`;
  return inTime(deps, async () => {
    for await (const { memo } of deps.client.workflow.list({ query, pageSize: 1 })) {
      return (memo as HotfixMemo | undefined)?.generation ?? 1;
    }
    return 1;
  });
}

/** A string in a visibility query. */
export const quote = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** Null where an incident of this id is there already, open or ended. */
async function tryStart(
  deps: GatewayDeps,
  { request, by, idempotencyKey, terms, now }: StartRequest,
  id: string,
  generation: number,
): Promise<Started | null> {
  const requestId = idempotencyKey === undefined ? {} : { requestId: idempotencyKey };
  const opening: Opening = { id, request, by, terms, ...requestId };
  const { state } = open(opening, now);
  const incident = viewOf(state);
  const memo: HotfixMemo = { incident, generation, ...requestId };
  try {
    const { firstExecutionRunId } = await writeInTime(deps, () =>
      deps.client.workflow.start(workflowType, {
        workflowId: workflowIdOf(id),
        taskQueue,
        args: [opening],
        memo: { ...memo },
        typedSearchAttributes: [...fixedAttributesOf(state), ...movingAttributesOf(state)],
        staticSummary: cut(request.title, 200),
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
      }),
    );
    return { isNew: true, incident, temporal: linkOf(deps, id, firstExecutionRunId) };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}
