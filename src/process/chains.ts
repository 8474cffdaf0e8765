import type { Watch } from './escalation.ts';
import { isApart, isTaken, type State, type Taken } from './state.ts';
import { type Wait, waitingFor } from './waiting.ts';

/** One escalation under way, and what it is about. */
export interface Chain {
  watch: Watch;
  waits: Wait[];
  /** Where somebody had its tasks in hand; else it is of all that nobody has. */
  taken?: Taken;
}

/** The escalations of a phase that have something to wait for; that of all first. */
export function chainsOf(state: State): Chain[] {
  const waits = waitingFor(state);
  const apart = state.taken.filter(isApart).map(
    (taken): Chain => ({
      taken,
      watch: taken.watch,
      waits: waits.filter((wait) => isTaken(taken, wait)),
    }),
  );
  const others = waits.filter((wait) => !apart.some((chain) => chain.waits.includes(wait)));
  return [{ watch: state.watch, waits: others }, ...apart].filter(
    (chain) => chain.waits.length > 0,
  );
}

/** The escalation that an acknowledgement began, by its place in the timeline; without one, that of all others. */
export const chainOf = (state: State, acknowledgement?: number): Chain | undefined =>
  chainsOf(state).find(({ taken }) => taken?.seq === acknowledgement);

/** The escalation whose next level is told next; undefined while nobody is waited for. */
export const nextChain = (state: State): Chain | undefined =>
  chainsOf(state).reduce<Chain | undefined>(
    (first, chain) => (first && first.watch.nextAt <= chain.watch.nextAt ? first : chain),
    undefined,
  );
