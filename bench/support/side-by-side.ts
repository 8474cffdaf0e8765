import { callAll } from './callers.ts';
import { type Timing, together } from './statistics.ts';

/** One of the two ways to do the same thing. */
export interface Side<T> {
  /** What the calls of a round need; not timed. */
  prepare: (count: number) => T[];
  call: (input: T) => Promise<unknown>;
}

export interface Sides<R, A> {
  raw: Side<R>;
  api: Side<A>;
  /** Runs before each round of a side and is not timed: what went before must not weigh on it. */
  settle: () => Promise<unknown>;
}

export interface Plan {
  callers: number;
  rounds: number;
  /** Calls of each side in a round. */
  calls: number;
  onRound: (round: number) => void;
}

/**
 * Measures both sides in turns, each round in the opposite order of the one before, so that a noisy
 * machine and a growing database weigh on both alike. A first round warms both up and does not count.
 */
export async function sideBySide<R, A>(
  { raw, api, settle }: Sides<R, A>,
  { callers, rounds, calls, onRound }: Plan,
): Promise<{ raw: Timing; api: Timing }> {
  const measured = { raw: [] as Timing[], api: [] as Timing[] };
  const turn = async <T>({ prepare, call }: Side<T>) => {
    const inputs = prepare(calls);
    await settle();
    return callAll(inputs, callers, call);
  };
  const measureRaw = async () => measured.raw.push(await turn(raw));
  const measureApi = async () => measured.api.push(await turn(api));
  for (let round = 0; round <= rounds; round += 1) {
    onRound(round);
    for (const measure of round % 2 ? [measureApi, measureRaw] : [measureRaw, measureApi])
      await measure();
  }
  return { raw: together(measured.raw.slice(1)), api: together(measured.api.slice(1)) };
}
