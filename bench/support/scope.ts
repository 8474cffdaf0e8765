import type { Bench } from './bench.ts';

/** Remembers how to stop what has just been started. */
export type Started = (stop: () => Promise<unknown>) => unknown;

/** Lets things be started, and stops them in the opposite order, however the use of them ends. */
export async function inScope<T>(bench: Bench, use: (started: Started) => Promise<T>): Promise<T> {
  const stops: (() => Promise<unknown>)[] = [];
  try {
    return await use((stop) => stops.push(bench.started(stop)));
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}
