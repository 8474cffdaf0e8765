import pThrottle from 'p-throttle';
import { z } from 'zod';
import { transient } from '../failures.ts';

/** How many messages a second a channel may be sent, as its configuration says it. */
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
const longestQueue = 60_000;

/**
 * One line for all who send by a channel of this worker, in order, `perSecond` at most.
 * Throws `Busy` at once where the line is too long for an emergency.
 */
export function createPace(whom: string, perSecond: number): Pace {
  const interval = 1000 / perSecond;
  const inTurn = pThrottle({ limit: 1, interval })((work: () => Promise<unknown>) => work());
  return async <T>(signal: AbortSignal, work: () => Promise<T>) => {
    const wait = inTurn.queueSize * interval;
    if (wait > longestQueue) throw tooMany(whom, inTurn.queueSize, wait);
    const turn = inTurn(() => {
      signal.throwIfAborted();
      return work();
    });
    return (await turn) as T;
  };
}

const tooMany = (whom: string, waiting: number, wait: number) =>
  transient(
    'Busy',
    `${waiting} messages wait for ${whom} already, which is more than it takes in a minute: raise its rateLimit if it allows that.`,
    wait,
  );
