import { checklistItems } from './checklist.ts';
import type { Draft } from './events.ts';
import { self } from './events.ts';
import type { MonitorResult } from './outcomes.ts';
import type { Phase } from './phases.ts';
import { isOver, type State } from './state.ts';

/**
 * What follows of itself from a state: the next phase, the way back, the end. Empty where the
 * incident has to wait. The arrows of the process are here and nowhere else.
 */
export function consequenceOf(state: State, now: string): Draft | null {
  return isOver(state) ? null : arrows[state.phase](state, now);
}

type Arrow = (state: State, now: string) => Draft | null;

const start = (phase: Phase, attempt: number, at: string): Draft => ({
  type: 'phaseStarted',
  at,
  by: self,
  data: { phase, attempt },
});

const goBack = ({ attempt }: State, at: string): Draft => start('quickFix', attempt + 1, at);

export const reached = (
  status: 'mitigated' | 'closed' | 'declined' | 'aborted',
  explanation: string,
  at: string,
): Draft => ({ type: 'statusChanged', at, by: self, data: { status, explanation } });

const arrows: Record<Phase, Arrow> = {
  declaration({ completed: { incidentDeclared, priorityAssessed } }, now) {
    if (priorityAssessed && priorityAssessed.priority !== 'P1') {
      const explanation = `Assessed as ${priorityAssessed.priority}: use the normal process. A hotfix is for a P1 only.`;
      return reached('declined', explanation, now);
    }
    return incidentDeclared && priorityAssessed ? start('quickFix', 1, now) : null;
  },

  quickFix: ({ completed, attempt }, now) =>
    completed.fixReady ? start('quickReview', attempt, now) : null,

  quickReview(state, now) {
    const { completed, bypass, attempt } = state;
    const checks = [completed.sanityChecked, completed.securityChecked];
    if (checks.some((check) => check?.verdict === 'rejected')) return goBack(state, now);
    const approved = checks.every((check) => check?.verdict === 'approved');
    return approved || bypass?.attempt === attempt ? start('deploy', attempt, now) : null;
  },

  deploy(state, now) {
    const last = deploysOfAttempt(state).at(-1);
    if (last?.result?.outcome === 'failed') return goBack(state, now);
    return last?.environment === 'production' && last.result
      ? start('verify', state.attempt, now)
      : null;
  },

  verify(state, now) {
    if (verificationFailed(state)) return needsRollback(state) ? null : goBack(state, now);
    if (!verificationPassed(state)) return null;
    return state.status === 'open'
      ? reached('mitigated', 'The problem is solved and the system is healthy.', now)
      : start('postMortem', state.attempt, now);
  },

  postMortem: (state, now) =>
    checklistItems.every((item) => state.checklist[item]) && !(state.bypass && !state.retrospective)
      ? reached('closed', 'The post-mortem is done and the checklist is complete.', now)
      : null,
};

export const deploysOfAttempt = ({ deploys, attempt }: State) =>
  deploys.filter((deploy) => deploy.attempt === attempt);

/**
 * A failed measurement stands unless the monitor answers against it after it was there to be seen:
 * an answer from before cannot have known it.
 */
const measurementsFailed = ({ monitoring, completed }: State): boolean =>
  monitoring?.result?.outcome === 'failed' &&
  completed.systemVerified !== undefined &&
  completed.systemVerified.seq < monitoring.seq;

export const verificationFailed = (state: State): boolean => {
  const { systemVerified, quickVerified } = state.completed;
  const solved = !systemVerified || (systemVerified.solved && systemVerified.healthy);
  return !solved || quickVerified?.passed === false || measurementsFailed(state);
};

const verificationPassed = (state: State): boolean => {
  const { completed, monitoring, terms } = state;
  const watched = !terms.monitored || Boolean(monitoring?.result);
  return Boolean(completed.systemVerified && completed.quickVerified) && watched;
};

/** Whether the next step is to take the deploy back. */
export const rollbackIsDue = (state: State): boolean =>
  state.status === 'open' &&
  state.phase === 'verify' &&
  verificationFailed(state) &&
  needsRollback(state);

const needsRollback = ({ terms, rollback }: State): boolean =>
  terms.rollback && terms.policy.rollbackOnFailedVerification && !rollback?.result;

/** Whether an answer contradicts measurements that were there to be seen. */
export const contradicts = (
  result: MonitorResult | null | undefined,
  saysGood: boolean,
): boolean => (saysGood ? result?.outcome === 'failed' : result?.outcome === 'passed');
