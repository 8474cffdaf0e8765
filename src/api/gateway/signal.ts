import { setTimeout as sleep } from 'node:timers/promises';
import { type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';
import { type VerdictAnswer, verdictOf, workflowIdOf } from '../../process/contract.ts';
import { restore } from '../../process/decide.ts';
import type { Place, SignalName } from '../../process/signals.ts';
import { ApiProblem, incidentFull, isSignalLimit, reasonOf } from '../problems.ts';
import { type GatewayDeps, writeInTime } from './deps.ts';
import { describe, resultOf } from './read.ts';
import { isOpen } from './trouble.ts';

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
 * A history this long is replayed in seconds, and each task replays it. An incident that cannot go on in a
 * new one, as in a deploy that takes hours, takes no more comments then; what completes a role still fits.
 * In events.
 */
const roomForComments = 8_000;

/**
 * Resolves when the signal is durable. Only what is an incident gets any: other workflows take signals,
 * too. Sent again after the incident has ended, it is on the record already, and its verdict is known.
 */
export async function recordSignal(
  deps: GatewayDeps,
  request: SignalRequest,
): Promise<VerdictAnswer | null> {
  const { id, name, body, ...envelope } = request;
  await deps.limits.take(request);
  const description = await describe(deps, id);
  if (!isOpen(description)) return lastVerdict(deps, description, envelope.requestId);
  if (name === 'commented' && description.historyLength > roomForComments) throw incidentFull();
  const handle = deps.client.workflow.getHandle(workflowIdOf(id));
  try {
    await writeInTime(deps, () => handle.signal(name, { ...body, ...envelope }));
    return null;
  } catch (error) {
    if (isSignalLimit(error)) throw incidentFull();
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return lastVerdict(deps, await describe(deps, id), envelope.requestId);
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
      const answer = await until(end, deps.verdicts.on(id, requestId));
      if (answer?.verdict) return answer;
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

/** Null where the time is over first. */
async function until<T>(end: number, promise: Promise<T>): Promise<T | null> {
  const over = new AbortController();
  const late = sleep(Math.max(0, end - Date.now()), null, { signal: over.signal });
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => {});
    over.abort();
  }
}

/** An incident that has ended takes no signal; it may have taken this one before. */
async function lastVerdict(
  deps: GatewayDeps,
  description: WorkflowExecutionDescription,
  requestId: string,
): Promise<VerdictAnswer> {
  const result = await resultOf(deps, description);
  const verdict = result && verdictOf(restore(result.timeline), requestId);
  if (verdict) return { verdict, incident: result.incident, runId: description.runId };
  const status = description.status.name.toLowerCase();
  throw new ApiProblem(
    409,
    'incident_over',
    `The incident has ended (${status}); nothing can be added to it.`,
  );
}
