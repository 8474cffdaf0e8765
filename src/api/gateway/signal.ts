import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { queries, type VerdictAnswer, verdictOf, workflowIdOf } from '../../process/contract.ts';
import type { Place, SignalName } from '../../process/signals.ts';
import { ApiProblem, reasonOf } from '../problems.ts';
import { ask, type GatewayDeps, inTime } from './deps.ts';
import { describe, resultOf } from './read.ts';

/** Between two questions for a verdict, in milliseconds. */
const pause = 200;

/** What there is to say of a signal that has no verdict yet. */
export const undecided =
  'Recorded. No worker has answered yet, or a rota is still being asked; it is decided as soon as one has.';

export interface SignalRequest {
  id: string;
  name: SignalName;
  body: object;
  by: string;
  at: string;
  requestId: string;
  /** Where the answer was asked for; anywhere else it is refused. */
  during?: Place;
}

/**
 * Sends a signal, durable from then on, and asks what became of it. Null where no worker, or no rota
 * that had to be asked, answered in time: it is recorded and will be decided.
 */
export async function sendSignal(
  deps: GatewayDeps,
  request: SignalRequest,
): Promise<VerdictAnswer | null> {
  return (await recordSignal(deps, request)) ?? verdictOn(deps, request);
}

/**
 * Resolves when the signal is durable. Sent again after the incident has ended, it is on the record
 * already, and its verdict is known.
 */
export async function recordSignal(
  deps: GatewayDeps,
  { id, name, body, ...envelope }: SignalRequest,
): Promise<VerdictAnswer | null> {
  const handle = deps.client.workflow.getHandle(workflowIdOf(id));
  try {
    await inTime(deps, () => handle.signal(name, { ...body, ...envelope }));
    return null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return lastVerdict(deps, id, envelope.requestId);
    throw error;
  }
}

/** What became of a recorded signal; null where that is not known in time. */
export async function verdictOn(
  deps: GatewayDeps,
  { id, requestId }: Pick<SignalRequest, 'id' | 'requestId'>,
): Promise<VerdictAnswer | null> {
  const end = Date.now() + deps.answerTimeout;
  try {
    for (;;) {
      const rest = { ...deps, answerTimeout: end - Date.now() };
      const answer = await ask<VerdictAnswer>(rest, id, queries.verdict, requestId);
      if (answer.verdict) return answer;
      // A rota is being asked whether the sender is on call.
      if (Date.now() + pause >= end) return null;
      await sleep(pause);
    }
  } catch (error) {
    // The signal is durable already: whatever goes wrong now must not look as if it were lost.
    const found = { reason: reasonOf(error), incident: id };
    deps.logger.warn(found, 'no verdict yet; the signal is recorded');
    return null;
  }
}

/** A workflow that takes no signal has ended, or never was. */
async function lastVerdict(
  deps: GatewayDeps,
  id: string,
  requestId: string,
): Promise<VerdictAnswer> {
  const description = await describe(deps, id);
  const result = await resultOf(deps, description);
  const verdict = result && verdictOf(result.timeline, requestId);
  if (verdict) return { verdict, incident: result.incident, runId: description.runId };
  const status = description.status.name.toLowerCase();
  throw new ApiProblem(
    409,
    'incident_over',
    `The incident has ended (${status}); nothing can be added to it.`,
  );
}
