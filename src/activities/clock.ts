import { setTimeout as delay } from 'node:timers/promises';

/** Waits for `milliseconds`; rejects at once when the signal aborts. */
export type Sleep = (milliseconds: number, signal?: AbortSignal) => Promise<void>;

export interface Clock {
  now: () => Date;
  sleep: Sleep;
}

export const sleep: Sleep = (milliseconds, signal) =>
  delay(milliseconds, undefined, signal && { signal });

export const systemClock: Clock = { now: () => new Date(), sleep };
