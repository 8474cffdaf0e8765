import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import {
  deedOf,
  type LastDeploy,
  type LockRequest,
  type Release,
  type Standing,
} from '../../process/lock.ts';
import type { DeployResult, Overtaken } from '../../process/outcomes.ts';
import { sleep } from '../clock.ts';
import { permanent } from '../failures.ts';
import { doubtful, isUnknown, isUntouched, saysUntouched, withFacts } from './facts.ts';
import type { DeployAction, DeployRequest, Ended } from './types.ts';

export type Turn = Exclude<Standing, { place: 'waiting' }>;

/** One deploy at a time for each service and environment. */
export interface DeployLock {
  /**
   * Resolves when it is this step's turn, or another incident has changed what is live since the step
   * knew what was. The same request again keeps its place.
   */
  acquire(request: LockRequest, signal: AbortSignal): Promise<Turn>;
  /**
   * Gives the place back, with how it ended where that is known; `changed` says whether what is live may
   * be another. Never throws: what was deployed is deployed, and the lock finds out by itself that the
   * step is over.
   */
  release(request: LockRequest, changed: boolean, outcome?: Release['outcome']): Promise<void>;
  /** Says that the step was given up and what it began goes on, for which the place is kept a while. Never throws. */
  giveUp(request: LockRequest): Promise<void>;
}

/** How often a step that was given up says that it goes on, in milliseconds. */
const sayEvery = 60_000;

/**
 * Runs the step while the lock is held. It is kept where the activity will be tried again, for its run
 * may go on meanwhile, and while a run that was given up goes on; on every other way out it is given back.
 */
export async function underLock(
  lock: DeployLock,
  step: DeployRequest,
  work: () => Promise<Ended>,
): Promise<DeployResult | Overtaken> {
  const { cancellationSignal } = Context.current();
  const request = requestOf(step);
  let hasTurn = false;
  try {
    const turn = await lock.acquire(request, cancellationSignal);
    if (turn.place === 'overtaken') {
      await lock.release(request, false);
      return passedOver(step.action, turn.by, step);
    }
    hasTurn = true;
    const result = await sayingWhetherGivenUp(lock, request, work);
    await lock.release(request, true, result.outcome);
    return { ...result, ...(turn.upon && { upon: turn.upon }) };
  } catch (error) {
    const told = hasTurn ? error : withoutTurn(error, step);
    if (isFinal(told)) {
      if (isUnknown(told)) await lock.giveUp(request);
      else await lock.release(request, !saysUntouched(told));
    }
    throw told;
  }
}

/** Without a turn nothing is begun, but an attempt before this one may have had it. */
function withoutTurn(error: unknown, step: DeployRequest): unknown {
  if (!(error instanceof ApplicationFailure)) return error;
  return isUntouched() ? withFacts(error, { untouched: true }) : doubtful(error, step);
}

async function sayingWhetherGivenUp(
  lock: DeployLock,
  request: LockRequest,
  work: () => Promise<Ended>,
): Promise<Ended> {
  const over = new AbortController();
  const saying = sayGivenUp(lock, request, over.signal);
  try {
    return await work();
  } finally {
    over.abort();
    await saying;
  }
}

/** From when the step is given up until the work is over. */
async function sayGivenUp(lock: DeployLock, request: LockRequest, over: AbortSignal) {
  const { cancellationSignal } = Context.current();
  const either = AbortSignal.any([cancellationSignal, over]);
  if (!either.aborted) {
    await new Promise((resolve) => either.addEventListener('abort', resolve, { once: true }));
  }
  while (!over.aborted && isGivenUp()) {
    await lock.giveUp(request);
    await sleep(sayEvery, over).catch(() => undefined);
  }
}

function requestOf(step: DeployRequest): LockRequest {
  const { idempotencyKey: key, service, environment, incidentId, ref, undoes } = step;
  const { workflowId } = Context.current().info.workflowExecution ?? { workflowId: incidentId };
  const base = { key, service, environment, incidentId, workflowId, ref };
  return undoes === undefined ? base : { ...base, undoes };
}

/** A deploy is asked for again; a rollback would take back what somebody else has brought live. */
function passedOver(
  action: DeployAction,
  by: LastDeploy,
  { environment, ref, service }: DeployRequest,
): Overtaken {
  if (action === 'deploy') return { outcome: 'overtaken', by };
  throw permanent(
    'Refused',
    `${ref} was not taken back from ${environment} of ${service}: the incident ${by.incidentId} ${deedOf(by)} since. Decide with its people what is to be live.`,
  );
}

/** An incident that was ended from Temporal wants its deploy no more than one that was aborted. */
export function isGivenUp(): boolean {
  const { cancellationDetails } = Context.current();
  return Boolean(cancellationDetails?.cancelRequested || cancellationDetails?.notFound);
}

/**
 * Whether this is the activity's last word: its incident does not want it any more, or no retry mends
 * it. Who leaves what goes on to itself has not said the last word on it.
 */
function isFinal(error: unknown): boolean {
  if (error instanceof ApplicationFailure) {
    if (error.type === 'Interrupted') return false;
    if (error.nonRetryable) return true;
  }
  return isGivenUp();
}
