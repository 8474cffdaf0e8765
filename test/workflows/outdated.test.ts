import { afterAll, beforeAll, expect, test } from 'vitest';
import { createActivities } from '../../src/activities/index.ts';
import type { NotificationChannel } from '../../src/activities/notify/types.ts';
import { activityDeps } from '../activities/support.ts';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';
import { Bed } from '../support/workflows.ts';

let temporal: TestTemporal;
let bed: Bed;

beforeAll(async () => {
  temporal = await startTemporal();
  bed = await Bed.at(temporal.server.address);
});

afterAll(async () => {
  await bed.close();
  await temporal.stop();
});

test('a message that comes to be sent when its phase is over is not', async () => {
  const sent: string[] = [];
  const channel: NotificationChannel = {
    name: 'room',
    send: async ({ subject }) => void sent.push(subject),
  };
  const { notify } = createActivities({ ...activityDeps(), channels: [channel] });
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const stop = await bed.work({
    notify: async (notifications) => {
      await gate;
      return notify(notifications);
    },
  });
  const incident = await (await bed.open()).toPhase('quickReview');
  open();
  await expect.poll(async () => (await incident.events('notified')).length).toBe(3);
  expect(sent).toEqual(['Quick review, attempt 1']);
  const outcomes = (await incident.events('notified')).flatMap(({ data }) =>
    data.deliveries.map(({ outcome }) => outcome),
  );
  expect(outcomes.sort()).toEqual(['delivered', 'outdated', 'outdated']);
  await incident.handle.terminate();
  await stop();
});
