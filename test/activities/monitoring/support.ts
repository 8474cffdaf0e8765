import { type Clock, systemClock } from '../../../src/activities/clock.ts';
import { createManualDeploy } from '../../../src/activities/deploy/manual.ts';
import type { Measure } from '../../../src/activities/monitoring/types.ts';
import type { MonitorRequest } from '../../../src/activities/types.ts';
import type { Measurement } from '../../../src/process/samples.ts';
import { activitiesWith } from '../support.ts';

export const monitorRequest: MonitorRequest = {
  incidentId: 'INC-1',
  service: 'shop',
  environment: 'production',
  attempt: 1,
  after: 'deploy',
  impactStartedAt: '2026-11-24T03:00:00.000Z',
  deployedAt: '2026-11-24T03:30:00.000Z',
};

export const noLimits = { failureLimit: 0, inconclusiveLimit: 0, consecutiveErrorLimit: 4 };

type Found = Measurement | Error;

/** A measure that finds what the function says, given how often it was asked before. */
export function measureBy(
  find: (before: number, signal: AbortSignal) => Found | Promise<Found>,
  change: Partial<Measure> = {},
): Measure & { asked: () => number } {
  let asked = 0;
  return {
    name: 'health',
    adapter: 'test',
    interval: 10_000,
    initialDelay: 0,
    limits: noLimits,
    baselines: [],
    thresholds: () => [],
    async measure(_baselines, signal) {
      const found = await find(asked++, signal);
      if (found instanceof Error) throw found;
      return found;
    },
    attempt: async () => 'It answers.',
    ...change,
    asked: () => asked,
  };
}

interface Sleeper {
  at: number;
  wake: () => void;
}

/** A clock that stands still until all that runs by it sleeps, and then is at the next awakening. */
export function stillClock(start = Date.parse('2026-01-01T00:00:00Z')) {
  let now = start;
  const sleepers = new Set<Sleeper>();
  const advance = () => {
    const [next] = [...sleepers].sort((one, other) => one.at - other.at);
    if (!next) return;
    sleepers.delete(next);
    now = Math.max(now, next.at);
    next.wake();
  };
  const sleep = (milliseconds: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const abort = () => {
        sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper: Sleeper = { at: now + milliseconds, wake };
      sleepers.add(sleeper);
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort, { once: true });
      setImmediate(advance);
    });
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  const monotonic = () => now;
  return { now: () => new Date(now), monotonic, sleep, pass, elapsed: () => now - start };
}

/** The monitor activity over these measures, by the real clock unless another one is given. */
export function watching(measures: Measure[], soak: number, clock: Clock = systemClock) {
  const deploy = createManualDeploy({ adapter: 'manual' }, clock);
  const { monitor } = activitiesWith({
    services: () => ({ deploy, rollback: deploy, monitoring: { soak, measures } }),
    ...clock,
  });
  return monitor;
}
