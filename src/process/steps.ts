import { deploysOfAttempt } from './consequences.ts';
import type { DeployStep, Environment } from './outcomes.ts';
import { isOver, type State } from './state.ts';

/**
 * Where the attempt has still to be deployed, in order: staging first where the service has one and
 * the deployer did not skip it.
 */
export function environmentsLeft(state: State): Environment[] {
  const authorized = state.completed.deployAuthorized;
  if (isOver(state) || state.phase !== 'deploy' || !authorized) return [];
  const all: Environment[] =
    state.terms.staging && !authorized.skipStaging ? ['staging', 'production'] : ['production'];
  const done = deploysOfAttempt(state).filter(({ result }) => result !== null);
  return all.filter((environment) => !done.some((deploy) => deploy.environment === environment));
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
