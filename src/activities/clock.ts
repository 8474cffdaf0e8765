import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';

/** Waits for `milliseconds`; rejects at once when the signal aborts. */
export type Sleep = (milliseconds: number, signal?: AbortSignal) => Promise<void>;

export interface Clock {
  /** The time of this machine, for people to read: the next worker's may be another. */
  now: () => Date;
  /** Milliseconds that only ever grow, to tell by how much has passed. */
  monotonic: () => number;
  sleep: Sleep;
}

export const sleep: Sleep = (milliseconds, signal) =>
  delay(milliseconds, undefined, signal && { signal });

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  sleep,
};

/**
 * The time of the Temporal server in milliseconds, as this attempt of an activity knows it: what one
 * worker has stamped by it, the next can count on from.
 */
export function serverTime({ monotonic }: Pick<Clock, 'monotonic'>): () => number {
  const { currentAttemptScheduledTimestampMs } = Context.current().info;
  const began = monotonic();
  return () => Math.round(currentAttemptScheduledTimestampMs + monotonic() - began);
}
