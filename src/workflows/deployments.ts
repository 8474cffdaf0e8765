import { condition, getExternalWorkflowHandle, patched } from '@temporalio/workflow';
import { lockMessages, lockWorkflowIdOf } from '../process/contract.ts';
import type { Release } from '../process/lock.ts';
import type { DeployResult, DeployStep, Environment } from '../process/outcomes.ts';
import { results } from '../process/results.ts';
import { deployInDoubt } from '../process/state.ts';
import { deployStepOf, nextStep, refOf } from '../process/steps.ts';
import { type Answer, activities, answerOf, cancelledWhen } from './activities.ts';
import { analyse } from './analyses.ts';
import { leaving, now, type Run } from './run.ts';

/** Carries out what the deployer has authorized, as often as they have to be asked. */
export async function deployments(run: Run): Promise<void> {
  const left = leaving(run);
  for (;;) {
    await condition(() => left() || nextStep(run.state) !== null);
    const step = nextStep(run.state);
    if (left() || !step) return;
    const { environment } = step;
    const { attempt } = run.state;
    if (step.kind === 'deploy') await deployTo(run, environment, left);
    else await analyse(run, { environment, after: 'deploy', attempt }, left);
  }
}

async function deployTo(run: Run, environment: Environment, left: () => boolean): Promise<void> {
  const ref = refOf(run.state);
  const step = deployStepOf(run.state, 'deploy', environment);
  const startedAt = now();
  run.hear({ kind: 'deployStarted', environment, ref });
  const options = {
    summary: `${ref} to ${environment}, attempt ${step.attempt}`,
    ...namedBy(step),
  };
  const answer = await run.during(
    cancelledWhen(
      left,
      () => activities.deploy.executeWithOptions(options, [step]),
      results.deploy,
    ),
  );
  if (!answer.ok) await giveLockBack(step, { ...(answer.isUnknown && { givenUp: true }) });
  if (answer.ok && answer.value.outcome === 'overtaken') {
    run.hear({ kind: 'overtaken', environment, by: answer.value.by });
    return;
  }
  if (!answer.ok && answer.untouched && patched(askedOnDoubt)) {
    run.hear({ kind: 'refused', environment, reason: answer.reason });
    return;
  }
  const result = resultOf(answer as Answer<DeployResult>, startedAt);
  run.hear({ kind: 'deployFinished', environment, ref, result });
  if (result.outcome === 'unknown') await confirmation(run, step);
}

/** Waits until the deployer has said how it ended, and tells the lock. */
async function confirmation(run: Run, step: DeployStep): Promise<void> {
  const left = leaving(run);
  await condition(() => left() || deployInDoubt(run.state) === undefined);
  const { environment, attempt } = step;
  const outcome = run.state.deploys.findLast(
    (one) => one.environment === environment && one.attempt === attempt,
  )?.result?.outcome;
  if (outcome && outcome !== 'unknown') await giveLockBack(step, { outcome });
}

/** Takes the attempt's deploy back. Never cancelled: half a rollback is worse than a late one. */
export async function takeBack(run: Run): Promise<void> {
  const ref = refOf(run.state);
  const step = deployStepOf(run.state, 'rollback', 'production');
  const startedAt = now();
  run.hear({ kind: 'rollbackStarted', ref });
  const options = { summary: `taking ${ref} back from production`, ...namedBy(step) };
  const answer = await run.during(
    answerOf(activities.rollback.executeWithOptions(options, [step]), results.rollback),
  );
  if (!answer.ok) await giveLockBack(step, { ...(answer.isUnknown && { givenUp: true }) });
  run.hear({ kind: 'rollbackFinished', ref, result: resultOf(answer, startedAt) });
}

/** Incidents that began before this took each step that brought nothing back for a failed one. */
const askedOnDoubt = 'asked-on-doubt';

/** By this name the lock sees whether the step goes on. Incidents that began before this used numbers. */
const namedBy = ({ idempotencyKey }: DeployStep): { activityId?: string } =>
  patched('step-named-by-key') ? { activityId: idempotencyKey } : {};

/** The activity gives the lock back itself; where it could not end in order, this does. */
async function giveLockBack(
  { service, environment, idempotencyKey: key }: DeployStep,
  how: Pick<Release, 'outcome' | 'givenUp'>,
): Promise<void> {
  const lock = getExternalWorkflowHandle(lockWorkflowIdOf(service, environment));
  const release: Release = { key, changed: true, ...how };
  try {
    await lock.signal(lockMessages.release, release);
  } catch {
    // A lock that is not there is free.
  }
}

function resultOf(answer: Answer<DeployResult>, startedAt: string): DeployResult {
  if (answer.ok) return answer.value;
  const { isCancelled, isUnknown, reason, run } = answer;
  return {
    outcome: isUnknown && patched(askedOnDoubt) ? 'unknown' : 'failed',
    adapter: 'none',
    summary: isCancelled
      ? 'Cancelled because the incident was aborted. It may have been done in part: look at production.'
      : reason,
    output: '',
    startedAt,
    ...run,
    finishedAt: now(),
  };
}
