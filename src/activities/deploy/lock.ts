import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { LastDeploy, LockRequest } from '../../process/lock.ts';
import type { DeployResult, Overtaken } from '../../process/outcomes.ts';
import { permanent } from '../failures.ts';
import type { DeployAction, DeployRequest } from './types.ts';

/** One deploy at a time for each service and environment. */
export interface DeployLock {
  /**
   * Resolves when it is this step's turn, with what another incident has brought live since the step
   * knew what was. The same request again keeps its place.
   */
  acquire(request: LockRequest, signal: AbortSignal): Promise<LastDeploy | null>;
  /** Gives the place back; `changed` says whether what is live may be another. */
  release(request: LockRequest, changed: boolean): Promise<void>;
}

/**
 * Runs the step while the lock is held. It is kept where the activity will be tried again, for its run
 * may go on meanwhile; on every other way out it is given back.
 */
export async function underLock(
  lock: DeployLock,
  step: DeployRequest,
  work: () => Promise<DeployResult>,
): Promise<DeployResult | Overtaken> {
  const { cancellationSignal } = Context.current();
  const request = requestOf(step);
  let hasBegun = false;
  try {
    const overtakenBy = await lock.acquire(request, cancellationSignal);
    if (overtakenBy) {
      await lock.release(request, false);
      return passedOver(step.action, overtakenBy, step);
    }
    hasBegun = true;
    const result = await work();
    await lock.release(request, true);
    return result;
  } catch (error) {
    if (isFinal(error)) await lock.release(request, hasBegun);
    throw error;
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
    `${ref} was not taken back from ${environment} of ${service}: the incident ${by.incidentId} has brought ${by.ref} live since. Decide with its people what is to be live.`,
  );
}

/** Whether this is the activity's last word: its incident does not want it any more, or no retry mends it. */
function isFinal(error: unknown): boolean {
  const { cancellationDetails } = Context.current();
  if (cancellationDetails?.cancelRequested || cancellationDetails?.notFound) return true;
  return error instanceof ApplicationFailure && Boolean(error.nonRetryable);
}
