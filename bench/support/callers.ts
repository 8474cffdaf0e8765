import type { Timing } from './statistics.ts';

/**
 * Makes one call for each input, `callers` at a time: each caller makes its next call as soon as its
 * last one is answered. The first call that fails ends it all, once those under way have ended too.
 * @param deadline no call begins after it; on the clock of `performance.now()`.
 */
export async function callAll<T>(
  inputs: T[],
  callers: number,
  call: (input: T) => Promise<unknown>,
  deadline = Infinity,
): Promise<Timing> {
  const latencies: number[] = [];
  const waiting = inputs.values();
  const failures: unknown[] = [];
  const caller = async () => {
    // The callers share one iterator, so that each input is taken once.
    for (
      let next = waiting.next();
      !next.done && failures.length === 0 && performance.now() < deadline;
      next = waiting.next()
    ) {
      const begin = performance.now();
      await call(next.value);
      latencies.push(performance.now() - begin);
    }
  };
  const begin = performance.now();
  const note = (error: unknown) => failures.push(error);
  await Promise.all(Array.from({ length: callers }, () => caller().catch(note)));
  if (failures.length > 0) throw failures[0];
  return { latencies, elapsed: performance.now() - begin };
}
