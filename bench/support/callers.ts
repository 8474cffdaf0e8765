import type { Timing } from './statistics.ts';

/**
 * Makes one call for each input, `callers` at a time: each caller makes its next call as soon as its
 * last one is answered. The first call that fails ends it all.
 */
export async function callAll<T>(
  inputs: T[],
  callers: number,
  call: (input: T) => Promise<unknown>,
): Promise<Timing> {
  const latencies: number[] = [];
  const waiting = inputs.values();
  const caller = async () => {
    // The callers share one iterator, so that each input is taken once.
    for (const input of waiting) {
      const begin = performance.now();
      await call(input);
      latencies.push(performance.now() - begin);
    }
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  return { latencies, elapsed: performance.now() - begin };
}
