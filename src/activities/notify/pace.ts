import pThrottle from 'p-throttle';
import { z } from 'zod';
import { isTransient, transient } from '../failures.ts';

/** How many requests a second a channel may be sent, as its configuration says it. */
export const rateLimit = (standard: number) =>
  z
    .number()
    .min(0.01)
    .max(100)
    .default(standard)
    .describe('How many requests a second at most, from each worker');

/** Does the work when its turn has come. */
export type Pace = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** Whoever would wait longer is told by the other channels instead. In milliseconds. */
const longestWait = 30_000;

/**
 * One line for all who send by a channel of this worker, in order, `perSecond` at most. When the other
 * side asks for a pause (`nextRetryDelay` of a failure), the whole line pauses.
 * Throws `Busy` at once where the wait is too long for an emergency.
 */
export function createPace(whom: string, perSecond: number): Pace {
  const interval = 1000 / perSecond;
  const turn = pThrottle({ limit: 1, interval })(async () => {});
  let pausedUntil = 0;
  const pause = () => Math.max(0, pausedUntil - Date.now());

  return async (signal, work) => {
    const wait = pause() + turn.queueSize * interval;
    if (wait > longestWait) throw tooMany(whom, wait);
    await turn();
    while (pause() > 0) {
      await new Promise((resolve) => setTimeout(resolve, pause()));
      await turn();
    }
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (isTransient(error) && typeof error.nextRetryDelay === 'number') {
        pausedUntil = Math.max(pausedUntil, Date.now() + error.nextRetryDelay);
      }
      throw error;
    }
  };
}

const tooMany = (whom: string, wait: number) =>
  transient(
    'Busy',
    `${whom} takes no more for ${Math.ceil(wait / 1000)} s, with what waits already: raise its rateLimit if it allows that.`,
    wait,
  );
