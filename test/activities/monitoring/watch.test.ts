import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { Measure } from '../../../src/activities/monitoring/types.ts';
import type { MonitorProgress } from '../../../src/activities/types.ts';
import type { Measurement } from '../../../src/process/samples.ts';
import { activityEnvironment } from '../support.ts';
import {
  measureBy,
  monitorRequest,
  noLimits,
  stillClock,
  watching as watchingBy,
} from './support.ts';

function watching(measures: Measure[], soak = 60_000, clock = stillClock()) {
  return { monitor: watchingBy(measures, soak, clock), clock };
}

const run = (measures: Measure[], soak?: number, clock?: ReturnType<typeof stillClock>) =>
  activityEnvironment().execute(watching(measures, soak, clock).monitor, monitorRequest);

const passed: Measurement = { outcome: 'passed', value: 1, summary: 'well' };
const failed: Measurement = { outcome: 'failed', value: 9, summary: 'ill' };
const unclear: Measurement = { outcome: 'inconclusive', value: null, summary: 'no data' };
const down = new Error('Prometheus cannot be reached.');

test('measures at each interval, from the beginning of the soak to its end', async () => {
  const line = { label: 'fails above 5', value: 5, kind: 'failure' as const };
  const slow = measureBy(() => passed, {
    name: 'slow',
    interval: 30_000,
    thresholds: () => [line],
  });
  const clock = stillClock();
  const result = await run([measureBy(() => passed), slow], 60_000, clock);
  expect(result).toEqual({
    outcome: 'passed',
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:01:00.000Z',
    measures: [
      {
        name: 'health',
        adapter: 'test',
        outcome: 'passed',
        summary: 'well',
        counts: { passed: 7, failed: 0, inconclusive: 0, error: 0 },
        points: [0, 10, 20, 30, 40, 50, 60].map((second) => [second * 1000, 1, 'passed']),
        thresholds: [],
      },
      {
        name: 'slow',
        adapter: 'test',
        outcome: 'passed',
        summary: 'well',
        counts: { passed: 3, failed: 0, inconclusive: 0, error: 0 },
        points: [0, 30, 60].map((second) => [second * 1000, 1, 'passed']),
        thresholds: [line],
      },
    ],
  });
  expect(clock.elapsed()).toBe(60_000);
});

test.each<[string, Partial<Measure>, number[]]>([
  ['an initial delay', { initialDelay: 25_000 }, [25, 35, 45, 55]],
  ['a duration', { duration: 20_000 }, [0, 10, 20]],
  ['a delay and a duration', { initialDelay: 5000, duration: 20_000 }, [5, 15, 25]],
  ['a duration beyond the soak', { initialDelay: 45_000, duration: 60_000 }, [45, 55]],
  ['a count', { limits: { ...noLimits, count: 3 } }, [0, 10, 20]],
  [
    'a count beyond the soak',
    { limits: { ...noLimits, count: 30 }, interval: 30_000 },
    [0, 30, 60],
  ],
])('with %s', async (_, change, seconds) => {
  const result = await run([measureBy(() => passed, change)]);
  expect(result.measures[0]?.points.map(([offset]) => offset / 1000)).toEqual(seconds);
  expect(result.outcome).toBe('passed');
});

test('a measurement that could not be made does not count towards the count', async () => {
  const limits = { ...noLimits, count: 2 };
  const measure = measureBy((before) => (before < 2 ? down : passed), { limits });
  expect(await run([measure])).toMatchObject({
    outcome: 'passed',
    measures: [{ counts: { error: 2, passed: 2 } }],
  });
});

test('an error is tried again after ten seconds, however long the interval', async () => {
  const measure = measureBy((before) => (before === 1 ? down : passed), { interval: 60_000 });
  const { outcome, measures } = await run([measure], 120_000);
  expect(outcome).toBe('passed');
  expect(measures[0]?.points.map(([offset]) => offset)).toEqual([0, 60_000, 70_000, 120_000]);
});

test('an analysis whose last measurement is an error does not pass', async () => {
  const measure = measureBy((before) => (before < 2 ? passed : down));
  expect(await run([measure], 20_000)).toMatchObject({ outcome: 'error' });
});

test('a soak of nothing measures once', async () => {
  const measure = measureBy(() => passed);
  expect(await run([measure], 0)).toMatchObject({ outcome: 'passed' });
  expect(measure.asked()).toBe(1);
});

test('nothing to measure is no proof', async () => {
  const clock = stillClock();
  expect(await run([], 60_000, clock)).toMatchObject({ outcome: 'inconclusive', measures: [] });
  expect(clock.elapsed()).toBe(0);
});

test('a failure beyond the limit ends the analysis early and shows the first failure', async () => {
  const measure = measureBy(
    (before) => (before < 1 ? passed : { ...failed, summary: `ill ${before}` }),
    {
      limits: { ...noLimits, failureLimit: 1 },
    },
  );
  const clock = stillClock();
  const delayed = measureBy(() => passed, { name: 'delayed', initialDelay: 50_000 });
  const result = await run(
    [measure, measureBy(() => passed, { name: 'other' }), delayed],
    60_000,
    clock,
  );
  expect(result.outcome).toBe('failed');
  expect(result.measures).toMatchObject([
    { outcome: 'failed', summary: 'ill 1' },
    { outcome: 'passed' },
    { outcome: 'inconclusive', summary: 'It was not measured: the analysis was decided before.' },
  ]);
  expect(clock.elapsed()).toBe(20_000);
});

test('failures within the limit are forgiven', async () => {
  const measure = measureBy((before) => (before === 2 ? failed : passed), {
    limits: { ...noLimits, failureLimit: 1 },
  });
  expect(await run([measure])).toMatchObject({
    outcome: 'passed',
    measures: [{ counts: { failed: 1, passed: 6 } }],
  });
});

test('a measure without data is over, and the others go on: their failure is still to be seen', async () => {
  const blind = measureBy(() => unclear, { name: 'blind' });
  const late = measureBy((before) => (before < 5 ? passed : failed), { name: 'late' });
  const clock = stillClock();
  expect(await run([blind, measureBy(() => passed)], 60_000, clock)).toMatchObject({
    outcome: 'inconclusive',
    measures: [{ outcome: 'inconclusive', counts: { inconclusive: 1 } }, { outcome: 'passed' }],
  });
  expect(clock.elapsed()).toBe(60_000);
  expect(await run([measureBy(() => unclear), late])).toMatchObject({ outcome: 'failed' });
});

test('a measure that cannot be made is given up after five errors in a row; the others go on', async () => {
  const broken = measureBy(() => down, { name: 'broken' });
  const clock = stillClock();
  expect(await run([broken, measureBy(() => passed)], 100_000, clock)).toMatchObject({
    outcome: 'error',
    measures: [
      { outcome: 'error', summary: down.message, counts: { error: 5 } },
      { outcome: 'passed', counts: { passed: 11 } },
    ],
  });
  expect(clock.elapsed()).toBe(100_000);
});

test('when no measure can be made any more, there is nothing to wait for', async () => {
  const clock = stillClock();
  expect(await run([measureBy(() => down)], 3_600_000, clock)).toMatchObject({ outcome: 'error' });
  expect(clock.elapsed()).toBe(40_000);
});

test('a measure that hangs holds up no other, and what it missed is not made up for', async () => {
  const clock = stillClock();
  let release = () => {};
  const hanging = measureBy(
    (before) =>
      before > 0
        ? passed
        : new Promise<Measurement>((resolve) => {
            release = () => resolve(passed);
          }),
    { name: 'hanging' },
  );
  const steady = measureBy((before) => {
    if (before === 3) release();
    return passed;
  });
  const result = await run([hanging, steady], 60_000, clock);
  const offsets = result.measures.map(({ points }) => points.map(([offset]) => offset / 1000));
  expect(offsets).toEqual([
    [0, 30, 40, 50, 60],
    [0, 10, 20, 30, 40, 50, 60],
  ]);
});

test('what still runs when the outcome is decided is broken off', async () => {
  let brokenOff = false;
  const hanging = measureBy(
    (_, signal) =>
      new Promise<Measurement>((__, reject) => {
        signal.addEventListener('abort', () => {
          brokenOff = true;
          reject(signal.reason);
        });
      }),
    { name: 'hanging' },
  );
  expect(await run([hanging, measureBy(() => failed)])).toMatchObject({
    outcome: 'failed',
    measures: [{ outcome: 'inconclusive' }, { outcome: 'failed' }],
  });
  expect(brokenOff).toBe(true);
});

test('thousands of measurements stay a bounded series, with the extremes in it', async () => {
  const measure = measureBy(
    (before) => ({ ...passed, value: before === 1234 ? 99 : before === 2345 ? -99 : before % 7 }),
    { interval: 1000 },
  );
  const environment = activityEnvironment();
  const { monitor } = watching([measure], 3_600_000);
  const result = await environment.execute(monitor, monitorRequest);
  const points = result.measures[0]?.points ?? [];
  expect(result.measures[0]?.counts.passed).toBe(3601);
  expect(points.length).toBeLessThanOrEqual(120);
  expect(points).toContainEqual([1_234_000, 99, 'passed']);
  expect(points).toContainEqual([2_345_000, -99, 'passed']);
  expect(points.at(0)?.[0]).toBe(0);
  expect(points.at(-1)?.[0]).toBe(3_600_000);
  const beats = environment.beats as MonitorProgress[];
  expect(Math.max(...beats.map(({ measures }) => measures[0]?.points.length ?? 0))).toBe(240);
});

test('the heartbeats show what is known, each outcome as soon as it is decided', async () => {
  const environment = activityEnvironment();
  const blind = measureBy(() => unclear, { name: 'blind' });
  const { monitor } = watching([measureBy(() => passed), blind], 20_000);
  await environment.execute(monitor, monitorRequest);
  const outcomes = (environment.beats as MonitorProgress[]).map(({ measures }) =>
    measures.map(({ outcome, counts }) => `${outcome} ${counts.passed}`).join(),
  );
  expect(outcomes.at(0)).toBe('null 0,null 0');
  expect(outcomes).toContain('null 1,inconclusive 0');
  expect(outcomes).toContain('null 3,inconclusive 0');
  expect(outcomes.at(-1)).toBe('passed 3,inconclusive 0');
});

/** A worker that goes away at the measurement of this number. */
function interruptedAt(number: number, clock = stillClock()) {
  const first = activityEnvironment(undefined, 1, clock.now().getTime());
  const measure = measureBy((before) => {
    if (before === number) {
      const details = new ActivityCancellationDetails({ workerShutdown: true });
      first.environment.cancel('WORKER_SHUTDOWN', details);
      first.environment.context.cancellationSignal.throwIfAborted();
    }
    return passed;
  });
  return { first, measure, clock };
}

test.each([0, -1, 1])(
  'a retried activity goes on with its window, its counts and its points, its machine’s clock off by %i h',
  async (hours) => {
    const { first, measure, clock } = interruptedAt(2);
    const { monitor } = watching([measure], 60_000, clock);
    await expect(first.execute(monitor, monitorRequest)).rejects.toMatchObject({
      type: 'Interrupted',
      nonRetryable: false,
    });
    clock.pass(3000);
    const off = (time: number) => new Date(time + hours * 3_600_000);
    const other = { ...clock, now: () => off(clock.now().getTime()) };
    const second = activityEnvironment(first.last(), 2, clock.now().getTime());
    const result = await second.execute(watching([measure], 60_000, other).monitor, monitorRequest);
    expect(result).toMatchObject({
      startedAt: '2026-01-01T00:00:00.000Z',
      finishedAt: off(Date.parse('2026-01-01T00:01:00.000Z')).toISOString(),
    });
    // What was due at 20 s is measured as soon as somebody is there.
    const offsets = result.measures[0]?.points.map(([offset]) => offset / 1000);
    expect(offsets).toEqual([0, 10, 23, 30, 40, 50, 60]);
  },
);

test('a moment that was measured is not measured again by a retry', async () => {
  const { first, measure, clock } = interruptedAt(Number.POSITIVE_INFINITY);
  const { monitor } = watching([measure], 20_000, clock);
  await first.execute(monitor, monitorRequest);
  const between = first.beats[2];
  expect(between).toMatchObject({ measures: [{ counts: { passed: 2 } }] });
  const later = stillClock(Date.parse('2026-01-01T00:00:15Z'));
  const again = watching([measureBy(() => passed)], 20_000, later);
  const retried = activityEnvironment(between, 2, later.now().getTime());
  const result = await retried.execute(again.monitor, monitorRequest);
  expect(result.measures[0]?.points.map(([offset]) => offset)).toEqual([0, 10_000, 20_000]);
});

test('errors in a row are counted over a retry', async () => {
  const { first, clock } = interruptedAt(Number.POSITIVE_INFINITY);
  const broken = measureBy(() => down);
  await first.execute(watching([broken], 30_000, clock).monitor, monitorRequest);
  const four = first.beats.findLast(
    (beat) => (beat as MonitorProgress).measures[0]?.outcome === null,
  );
  const later = watching([measureBy(() => down)], 60_000, clock);
  expect(await activityEnvironment(four).execute(later.monitor, monitorRequest)).toMatchObject({
    outcome: 'error',
    measures: [{ counts: { error: 5 } }],
  });
});

test('a retry that comes after the window looks once more and concludes', async () => {
  const { first, measure } = interruptedAt(3);
  await first.execute(watching([measure]).monitor, monitorRequest).catch(() => undefined);
  const clock = stillClock(Date.parse('2026-01-01T01:00:00Z'));
  const { monitor } = watching([measureBy(() => failed)], 60_000, clock);
  const late = activityEnvironment(first.last(), 2, clock.now().getTime());
  const result = await late.execute(monitor, monitorRequest);
  expect(result).toMatchObject({
    outcome: 'failed',
    measures: [{ counts: { passed: 3, failed: 1 } }],
  });
  expect(clock.elapsed()).toBe(0);
});

test('a retry of what was decided already measures nothing more', async () => {
  const first = activityEnvironment();
  const before = await first.execute(watching([measureBy(() => failed)]).monitor, monitorRequest);
  const measure = measureBy(() => passed);
  const later = watching([measure], 60_000, stillClock(Date.parse(before.finishedAt)));
  expect(await activityEnvironment(first.last()).execute(later.monitor, monitorRequest)).toEqual(
    before,
  );
  expect(measure.asked()).toBe(0);
});

test.each([
  'nonsense',
  { startedAt: 'yesterday' },
  { startedAt: '2025-12-31T00:00:00Z', tallies: {} },
])('heartbeats that are not understood are begun anew: %j', async (details) => {
  const { monitor } = watching([measureBy(() => passed)], 0);
  expect(await activityEnvironment(details).execute(monitor, monitorRequest)).toMatchObject({
    startedAt: '2026-01-01T00:00:00.000Z',
    measures: [{ counts: { passed: 1 } }],
  });
});

test('cancelled while it waits', async () => {
  const { environment, execute } = activityEnvironment();
  const clock = stillClock();
  const measure = measureBy(() => {
    setImmediate(() => environment.cancel());
    return passed;
  });
  const still = {
    ...clock,
    sleep: (wait: number, signal?: AbortSignal) => {
      return wait === 0
        ? Promise.resolve()
        : new Promise<void>((_, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason));
          });
    },
  };
  const { monitor } = watching([measure], 60_000, still);
  await expect(execute(monitor, monitorRequest)).rejects.toThrow(CancelledFailure);
  expect(measure.asked()).toBe(1);
});

const baseline = (found: (number | null | Error)[]) => {
  let asked = 0;
  return {
    asked: () => asked,
    baselines: [
      {
        window: 'before' as const,
        ask: async () => {
          const one = found[Math.min(asked++, found.length - 1)] ?? null;
          if (one instanceof Error) throw one;
          return one;
        },
      },
    ],
  };
};

test('a baseline is asked for once, and again only where it could not be had', async () => {
  const seen: unknown[] = [];
  const { asked, baselines } = baseline([down, 0.2]);
  const measure = measureBy(() => passed, {
    baselines,
    measure: async (known) => {
      seen.push(known.before);
      return passed;
    },
    thresholds: ({ before }) =>
      typeof before === 'number' ? [{ label: 'baseline', value: before, kind: 'baseline' }] : [],
  });
  const environment = activityEnvironment();
  const { monitor, clock } = watching([measure]);
  const result = await environment.execute(monitor, monitorRequest);
  expect(result.measures[0]).toMatchObject({
    counts: { error: 1, passed: 6 },
    thresholds: [{ value: 0.2 }],
  });
  expect(asked()).toBe(2);
  expect(seen).toEqual(Array(6).fill(0.2));
  expect(environment.beats[1]).toMatchObject({ measures: [{ thresholds: [] }] });

  const open = environment.beats[3];
  const retried = activityEnvironment(open);
  await retried.execute(watching([measure], 60_000, clock).monitor, monitorRequest);
  expect(asked()).toBe(2);
});

test('a baseline without data is kept as such and not asked for again', async () => {
  const { asked, baselines } = baseline([null]);
  const measure = measureBy(() => passed, { baselines });
  const environment = activityEnvironment();
  await environment.execute(watching([measure]).monitor, monitorRequest);
  expect(asked()).toBe(1);
});
