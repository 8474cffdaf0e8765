import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';
import { Bed } from '../support/workflows.ts';

let temporal: TestTemporal;
let bed: Bed;
let stop: () => Promise<void>;

beforeAll(async () => {
  temporal = await startTemporal();
  bed = await Bed.at(temporal.server.address);
  stop = await bed.work();
});

afterAll(async () => {
  await stop();
  await bed.close();
  await temporal.stop();
});

test('messages and deploys go before all else that waits for a worker', async () => {
  const incident = await (await bed.open()).toPhase('postMortem');
  await expect
    .poll(async () => (await incident.view()).followUps.length, { timeout: 20_000 })
    .toBeGreaterThan(0);
  const { events } = await incident.handle.fetchHistory();
  const priorities = (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled
        ? [`${scheduled.activityType?.name} ${scheduled.priority?.priorityKey ?? 'standard'}`]
        : [],
  );
  expect(new Set(priorities)).toEqual(new Set(['notify 1', 'deploy 1', 'fileFollowUps standard']));
  await incident.handle.terminate();
});
