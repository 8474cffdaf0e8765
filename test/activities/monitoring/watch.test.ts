import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { createManualDeploy } from '../../../src/activities/deploy/manual.ts';
import type { Measure } from '../../../src/activities/monitoring/types.ts';
import { activitiesWith, activityEnvironment } from '../support.ts';
import { measureBy, monitorRequest, stillClock } from './support.ts';

function watching(measures: Measure[], window = 60_000, clock = stillClock()) {
  const deploy = createManualDeploy({ adapter: 'manual' }, clock);
  const { monitor } = activitiesWith({
    services: () => ({ deploy, rollback: deploy, monitoring: { window, measures } }),
    ...clock,
  });
  return { monitor, clock };
}

const passed = { outcome: 'passed', summary: 'well' } as const;
const failed = { outcome: 'failed', summary: 'ill' } as const;
const unclear = { outcome: 'inconclusive', summary: 'no data' } as const;

test('measures at each interval, from the beginning of the window to its end', async () => {
  const slow = measureBy(() => passed, { name: 'slow', interval: 30_000 });
  const { monitor, clock } = watching([measureBy(() => passed), slow]);
  const result = await activityEnvironment().execute(monitor, monitorRequest);
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
        points: [],
        thresholds: [],
      },
      {
        name: 'slow',
        adapter: 'test',
        outcome: 'passed',
        summary: 'well',
        counts: { passed: 3, failed: 0, inconclusive: 0, error: 0 },
        points: [],
        thresholds: [],
      },
    ],
  });
  expect(clock.elapsed()).toBe(60_000);
});

test('a window of nothing measures once', async () => {
  const measure = measureBy(() => passed);
  const { monitor } = watching([measure], 0);
  expect(await activityEnvironment().execute(monitor, monitorRequest)).toMatchObject({
    outcome: 'passed',
  });
  expect(measure.asked()).toBe(1);
});

test('nothing to measure is no proof', async () => {
  const { monitor, clock } = watching([]);
  const result = await activityEnvironment().execute(monitor, monitorRequest);
  expect(result).toMatchObject({ outcome: 'inconclusive', measures: [] });
  expect(clock.elapsed()).toBe(0);
});

test('a failure beyond the limit ends the window early and shows the first failure', async () => {
  const measure = measureBy(
    (before) => (before < 1 ? passed : { outcome: 'failed', summary: `ill ${before}` }),
    { failureLimit: 1 },
  );
  const { monitor, clock } = watching([measure, measureBy(() => passed, { name: 'other' })]);
  const result = await activityEnvironment().execute(monitor, monitorRequest);
  expect(result.outcome).toBe('failed');
  expect(result.measures[0]).toMatchObject({ outcome: 'failed', summary: 'ill 1' });
  expect(clock.elapsed()).toBe(20_000);
});

test('failures within the limit are forgiven', async () => {
  const measure = measureBy((before) => (before === 2 ? failed : passed), { failureLimit: 1 });
  const result = await activityEnvironment().execute(watching([measure]).monitor, monitorRequest);
  expect(result).toMatchObject({
    outcome: 'passed',
    measures: [{ counts: { failed: 1, passed: 6 } }],
  });
});

test('missing data alone is neither success nor failure', async () => {
  const measure = measureBy(() => unclear);
  const { monitor, clock } = watching([measure, measureBy(() => passed, { name: 'other' })]);
  const result = await activityEnvironment().execute(monitor, monitorRequest);
  expect(result.outcome).toBe('inconclusive');
  expect(clock.elapsed()).toBe(60_000);
});

test('a measure that cannot be made is given up after five errors in a row; the others go on', async () => {
  const broken = measureBy(() => new Error('Prometheus cannot be reached.'), { name: 'broken' });
  const { monitor, clock } = watching([broken, measureBy(() => passed)], 100_000);
  const result = await activityEnvironment().execute(monitor, monitorRequest);
  expect(result).toMatchObject({
    outcome: 'error',
    measures: [
      { outcome: 'error', summary: 'Prometheus cannot be reached.', counts: { error: 5 } },
      { outcome: 'passed', counts: { passed: 11 } },
    ],
  });
  expect(clock.elapsed()).toBe(100_000);
});

test('when no measure can be made any more, there is nothing to wait for', async () => {
  const { monitor, clock } = watching([measureBy(() => new Error('no'))], 3_600_000);
  expect(await activityEnvironment().execute(monitor, monitorRequest)).toMatchObject({
    outcome: 'error',
  });
  expect(clock.elapsed()).toBe(40_000);
});

test('a retried activity goes on with its window and its counts', async () => {
  const first = activityEnvironment();
  const clock = stillClock();
  const interrupted = measureBy((before) => {
    if (before === 2) {
      const details = new ActivityCancellationDetails({ workerShutdown: true });
      first.environment.cancel('WORKER_SHUTDOWN', details);
      first.environment.context.cancellationSignal.throwIfAborted();
    }
    return passed;
  });
  const { monitor } = watching([interrupted], 60_000, clock);
  await expect(first.execute(monitor, monitorRequest)).rejects.toMatchObject({
    type: 'Interrupted',
    nonRetryable: false,
  });

  const result = await activityEnvironment(first.last()).execute(monitor, monitorRequest);
  expect(result).toMatchObject({
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:01:00.000Z',
    // Two before, and one each at 20, 30, 40, 50 and 60 seconds.
    measures: [{ counts: { passed: 7 } }],
  });
});

test('a retry that comes after the window looks once more and concludes', async () => {
  const counts = { passed: 3, failed: 0, inconclusive: 0, error: 0 };
  const held = {
    startedAt: '2025-12-31T23:00:00.000Z',
    tallies: { health: { counts, errorsInARow: 0, last: 'well' } },
  };
  const { monitor, clock } = watching([measureBy(() => failed)]);
  const result = await activityEnvironment(held).execute(monitor, monitorRequest);
  expect(result).toMatchObject({
    outcome: 'failed',
    measures: [{ counts: { passed: 3, failed: 1 } }],
  });
  expect(clock.elapsed()).toBe(0);
});

test('cancelled while it waits', async () => {
  const { environment, execute } = activityEnvironment();
  const clock = stillClock();
  const measure = measureBy(() => passed);
  const { monitor } = watching([measure], 60_000, {
    ...clock,
    sleep: async () => {
      environment.cancel();
      environment.context.cancellationSignal.throwIfAborted();
    },
  });
  await expect(execute(monitor, monitorRequest)).rejects.toThrow(CancelledFailure);
  expect(measure.asked()).toBe(1);
});
