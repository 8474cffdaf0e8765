import { chainsOf } from './chains.ts';
import { isAllowed, isHolder } from './people.ts';
import type { TaskName } from './signals.ts';
import { isSameTask, type State } from './state.ts';
import { type Wait, waitingFor } from './waiting.ts';

/**
 * What somebody has in hand by acknowledging: their own tasks, else those that an escalation has told them
 * about, else those that nobody holds. Empty where somebody has each of them in hand already.
 */
export function tasksToTake(state: State, person: string): TaskName[] {
  const open = waitingFor(state).filter((wait) => wait.acknowledged === null);
  return tasksOf(state, person, open).map(({ signal, item }) => ({
    signal,
    ...(item && { item }),
  }));
}

/** The waits that are asked of a person, of those given. */
function tasksOf(state: State, person: string, waits: readonly Wait[]): readonly Wait[] {
  const own = waitingFor(state).filter(({ role }) => isHolder(state, person, role));
  if (own.length > 0) return waits.filter((wait) => own.some((one) => isSameTask(one, wait)));
  const told = waits.filter(({ escalationLevel }) =>
    isAllowed(state, person, toldBy(state, escalationLevel)),
  );
  return told.length > 0 ? told : waits.filter(({ assignees }) => assignees.length === 0);
}

/** Who may acknowledge something now: people, rotas and roles. */
export const mayAcknowledge = (state: State): string[] => [
  ...new Set(
    chainsOf(state).flatMap(({ watch, waits }) => [
      ...waits.map(({ role }) => role),
      ...toldBy(state, watch.level),
    ]),
  ),
];

/** Whom the levels up to this one have told, beside those who are waited for. */
const toldBy = ({ terms, phase }: State, level: number): string[] =>
  terms.policy.escalation[phase].levels
    .slice(0, level)
    .flatMap(({ notify }) => notify.filter((name) => name !== 'waiting'));
