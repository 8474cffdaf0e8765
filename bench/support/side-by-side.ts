import { callAll } from './callers.ts';
import { type Timing, together } from './statistics.ts';

/** One of the two ways to do the same thing. */
export interface Side<T> {
  /** What the calls of a round need; not timed. */
  prepare: () => T[] | Promise<T[]>;
  call: (input: T) => Promise<unknown>;
}

export interface Plan {
  callers: number;
  /** How many rounds there are at most. */
  rounds: number;
  /** Milliseconds after which no round begins; three are made all the same. */
  patience: number;
  onRound: (round: number) => void;
}

/**
 * Measures both sides in turns, each round in the opposite order of the one before, so that a noisy
 * machine and a growing database weigh on both alike. The first fifth of the rounds does not count:
 * until then code is compiled that a service that runs for days has compiled long ago.
 */
export async function sideBySide<R, A>(
  { raw, api }: { raw: Side<R>; api: Side<A> },
  { callers, rounds, patience, onRound }: Plan,
): Promise<{ raw: Timing; api: Timing }> {
  const measured = { raw: [] as Timing[], api: [] as Timing[] };
  const measureRaw = async () =>
    measured.raw.push(await callAll(await raw.prepare(), callers, raw.call));
  const measureApi = async () =>
    measured.api.push(await callAll(await api.prepare(), callers, api.call));
  const end = performance.now() + patience;
  for (let round = 1; round <= rounds; round += 1) {
    if (round > 3 && performance.now() > end) break;
    onRound(round);
    for (const measure of round % 2 ? [measureApi, measureRaw] : [measureRaw, measureApi])
      await measure();
  }
  return { raw: warm(measured.raw), api: warm(measured.api) };
}

const warm = (rounds: Timing[]): Timing => together(rounds.slice(Math.ceil(rounds.length / 5)));
