import { deploysOfAttempt } from './consequences.ts';
import type { DeployStep, Environment } from './outcomes.ts';
import { analysisOf, isOver, type State } from './state.ts';

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
  if (isOver(state) || state.phase !== 'deploy' || !authorized) return null;
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
      ...liveBefore(state, environment),
      undoes: keyOf(state, 'deploy', environment),
    }),
  };
}

const keyOf = ({ id, attempt }: State, action: 'deploy' | 'rollback', environment: Environment) =>
  `hotfix-${id}-${action}-${environment}-${attempt}`;

/** What the deploy of this attempt found live in the environment. */
function liveBefore(state: State, environment: Environment): Pick<DeployStep, 'before'> {
  const deploy = deploysOfAttempt(state).findLast((one) => one.environment === environment);
  const before = deploy?.result?.before;
  return before === undefined ? {} : { before };
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
