import type { Measure } from '../../../src/activities/monitoring/types.ts';
import type { MonitorRequest } from '../../../src/activities/types.ts';
import type { Measurement } from '../../../src/process/measurements.ts';

export const monitorRequest: MonitorRequest = {
  incidentId: 'INC-1',
  service: 'shop',
  environment: 'production',
  attempt: 1,
  after: 'deploy',
  impactStartedAt: '2026-11-24T03:00:00.000Z',
  deployedAt: '2026-11-24T03:30:00.000Z',
};

/** A measure that finds what the function says, given how often it was asked before. */
export function measureBy(
  find: (before: number) => Measurement | Error,
  change: Partial<Measure> = {},
): Measure & { asked: () => number } {
  let asked = 0;
  return {
    name: 'health',
    adapter: 'test',
    interval: 10_000,
    failureLimit: 0,
    async measure() {
      const found = find(asked++);
      if (found instanceof Error) throw found;
      return found;
    },
    ...change,
    asked: () => asked,
  };
}

/** A clock that stands still but for what is slept. */
export function stillClock(start = Date.parse('2026-01-01T00:00:00Z')) {
  let now = start;
  return {
    now: () => new Date(now),
    sleep: async (milliseconds: number) => {
      now += milliseconds;
    },
    elapsed: () => now - start,
  };
}
