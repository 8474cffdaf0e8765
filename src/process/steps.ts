import { deploysOfAttempt } from './consequences.ts';
import type { DeployStep, Environment, LiveVersion } from './outcomes.ts';
import { analysisOf, deployInDoubt, isOver, type State } from './state.ts';

/** What the machinery has to do next in the phase `deploy`. */
export interface Step {
  kind: 'deploy' | 'analyse';
  environment: Environment;
}

/**
 * Staging first where the service has one and the deployer did not skip it, with its own measurements;
 * then production. Null while the deployer is waited for, and when all is done.
 */
export function nextStep(state: State): Step | null {
  const authorized = state.completed.deployAuthorized;
  const isWaiting = !authorized || deployInDoubt(state) !== undefined;
  if (isOver(state) || state.phase !== 'deploy' || isWaiting) return null;
  const isDone = (environment: Environment) =>
    deploysOfAttempt(state).some((one) => one.environment === environment && one.result !== null);
  if (state.terms.staging && !authorized.skipStaging) {
    if (!isDone('staging')) return { kind: 'deploy', environment: 'staging' };
    const outcome = analysisOf(state, 'staging', 'deploy')?.result?.outcome;
    if (state.terms.stagingMonitored && outcome !== 'passed') {
      return { kind: 'analyse', environment: 'staging' };
    }
  }
  return isDone('production') ? null : { kind: 'deploy', environment: 'production' };
}

/** The argument of a deploy or a rollback. Its key names attempt and environment, never a retry. */
export function deployStepOf(
  state: State,
  action: 'deploy' | 'rollback',
  environment: Environment,
): DeployStep {
  return {
    incidentId: state.id,
    title: state.request.title,
    service: state.request.service,
    environment,
    attempt: state.attempt,
    ref: refOf(state),
    idempotencyKey: keyOf(state, action, environment),
    ...(action === 'rollback' && {
      ...lastGood(state),
      ...deployTakenBack(state, environment),
    }),
  };
}

const keyOf = ({ id, attempt }: State, action: 'deploy' | 'rollback', environment: Environment) =>
  `hotfix-${id}-${action}-${environment}-${attempt}`;

/** A deploy that somebody made by hand went past the lock, which knows no such key. */
function deployTakenBack(state: State, environment: Environment): Pick<DeployStep, 'undoes'> {
  const deploy = deploysOfAttempt(state).findLast((one) => one.environment === environment);
  const isByHand = deploy?.result?.adapter === 'manual' && deploy.result.confirmedBy !== undefined;
  return isByHand ? {} : { undoes: keyOf(state, 'deploy', environment) };
}

/**
 * The last version of production that worked. What an attempt finds there is the attempt before, which
 * did not work, unless that was taken back or another incident has deployed since.
 */
function lastGood({ deploys, rollbacks }: State): Pick<DeployStep, 'before'> {
  let good: LiveVersion | undefined;
  for (const { environment, attempt, result } of deploys) {
    if (environment !== 'production') continue;
    if (good === undefined || result?.upon !== undefined) good = result?.before;
    const isTakenBack = rollbacks.some(
      (one) => one.attempt === attempt && one.result?.outcome === 'succeeded',
    );
    if (isTakenBack) good = undefined;
  }
  return good === undefined ? {} : { before: good };
}

/** The ref that the bug fixer gave for this attempt. */
export const refOf = (state: State): string => state.completed.fixReady?.ref ?? '';

/** When the impact began, as far as it is known. */
export const impactStartOf = ({ completed, openedAt }: State): string =>
  completed.incidentDeclared?.impactStartedAt ?? openedAt;

/** The attempt whose rollback is done and has still to be measured; null where there is none. */
export function analysisDueOfRollback(state: State): number | null {
  const last = state.rollbacks.at(-1);
  const isMeasured = state.analyses.some(
    ({ after, attempt }) => after === 'rollback' && attempt === last?.attempt,
  );
  const isSuperseded = state.deploys.at(-1)?.attempt !== last?.attempt;
  return last?.result?.outcome === 'succeeded' &&
    state.terms.monitored &&
    !isMeasured &&
    !isSuperseded
    ? last.attempt
    : null;
}
