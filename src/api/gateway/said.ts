import { queries, type VerdictAnswer } from '../../process/contract.ts';
import type { IncidentEvent } from '../../process/events.ts';
import { isNoAnswer, isUnanswerable } from '../problems.ts';
import { ask, type GatewayDeps } from './deps.ts';
import { readTimeline } from './read.ts';
import { isUnanswered } from './trouble.ts';

/** What a request put on the record; null where it has not, and where no worker can tell. */
export async function readSaid(
  deps: GatewayDeps,
  id: string,
  requestId: string,
): Promise<IncidentEvent | null> {
  try {
    const { verdict } = await ask<VerdictAnswer>(deps, id, queries.verdict, requestId);
    if (!verdict) return null;
    const [event = null] = await readTimeline(deps, id, verdict.seq - 1);
    return event;
  } catch (error) {
    if (isNoAnswer(error) || isUnanswerable(error) || isUnanswered(error)) return null;
    throw error;
  }
}
