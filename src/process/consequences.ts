import { checklistItems } from './checklist.ts';
import { levelOf } from './escalation.ts';
import type { Draft } from './events.ts';
import { self } from './events.ts';
import { whatIsLive } from './live.ts';
import type { MonitorResult } from './outcomes.ts';
import { type Phase, rolesOf } from './phases.ts';
import { analysisOf, isOver, rollbackOf, type State } from './state.ts';

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

  quickFix(state, now) {
    if (topIsToBeTold(state)) return tellTop(state, now);
    return state.completed.fixReady ? start('quickReview', state.attempt, now) : null;
  },

  quickReview(state, now) {
    const { completed, bypass, attempt } = state;
    const checks = [completed.sanityChecked, completed.securityChecked];
    if (checks.some((check) => check?.verdict === 'rejected')) return goBack(state, now);
    const approved = checks.every((check) => check?.verdict === 'approved');
    return approved || bypass?.attempt === attempt ? start('deploy', attempt, now) : null;
  },

  deploy(state, now) {
    const last = deploysOfAttempt(state).at(-1);
    const staging = analysisOf(state, 'staging', 'deploy')?.result;
    const isBad = [last?.result?.outcome, staging?.outcome].includes('failed');
    if (isBad || state.held?.isGivenUp) return goBack(state, now);
    return last?.environment === 'production' && last.result?.outcome === 'succeeded'
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
 * Failed measurements count where nobody has judged them: the monitor's answer from before cannot have
 * known them, and the policy may not ask at all. An answer that knew them stands.
 */
function measurementsFailed(state: State): boolean {
  const analysis = analysisOf(state, 'production', 'deploy');
  if (analysis?.result?.outcome !== 'failed') return false;
  const answer = state.completed.systemVerified;
  if (answer) return answer.seq < analysis.seq;
  return state.terms.policy.onFailedAnalysis === 'rollback';
}

export const verificationFailed = (state: State): boolean => {
  const { systemVerified, quickVerified } = state.completed;
  const solved = !systemVerified || (systemVerified.solved && systemVerified.healthy);
  return !solved || quickVerified?.passed === false || measurementsFailed(state);
};

const verificationPassed = (state: State): boolean => {
  const { completed, terms } = state;
  const watched = !terms.monitored || Boolean(analysisOf(state, 'production', 'deploy')?.result);
  return Boolean(completed.systemVerified && completed.quickVerified) && watched;
};

/** Whether the next step is to take the deploy back. */
export const rollbackIsDue = (state: State): boolean =>
  state.status === 'open' &&
  state.phase === 'verify' &&
  verificationFailed(state) &&
  needsRollback(state);

const needsRollback = (state: State): boolean =>
  state.terms.rollback &&
  state.terms.policy.rollbackOnFailedVerification &&
  !rollbackOf(state)?.result;

/** A rollback that failed, or may have, leaves production in doubt: nobody waits for a limit then. */
const topIsToBeTold = (state: State): boolean => {
  const last = state.rollbacks.at(-1);
  return (
    last?.attempt === state.attempt - 1 &&
    last.result !== null &&
    last.result.outcome !== 'succeeded' &&
    state.watch.level === 0 &&
    !state.completed.fixReady
  );
};

function tellTop(state: State, at: string): Draft {
  const { phase } = state;
  const { levels } = state.terms.policy.escalation[phase];
  const top = levelOf(state.terms.policy.escalation[phase], levels.length);
  return {
    type: 'escalated',
    at,
    by: self,
    data: {
      phase,
      level: levels.length,
      name: top.name,
      recipients: top.notify,
      ...(top.channels && { channels: top.channels }),
      repeat: 0,
      waitingFor: [...rolesOf(phase)],
      reason: `${rollbackWords(state)} ${whatIsLive(state)}`,
    },
  };
}

const rollbackWords = ({ rollbacks }: State): string =>
  rollbacks.at(-1)?.result?.outcome === 'unknown'
    ? 'How the rollback ended is not known.'
    : 'The rollback failed.';

/** Whether an answer contradicts measurements that were there to be seen. */
export const contradicts = (
  result: MonitorResult | null | undefined,
  saysGood: boolean,
): boolean => (saysGood ? result?.outcome === 'failed' : result?.outcome === 'passed');
