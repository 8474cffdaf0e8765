import { afterAll, beforeAll, expect, test } from 'vitest';
import { Answers } from '../../src/api/gateway/answers.ts';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';
import { Bed, type LiveIncident } from '../support/workflows.ts';

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

/** Until nothing of it is on its way. */
async function settled(incident: LiveIncident): Promise<void> {
  const isBusy = async () => {
    const { raw } = await incident.handle.describe();
    return Boolean(raw.pendingWorkflowTask) || (raw.pendingActivities ?? []).length > 0;
  };
  await expect.poll(isBusy, { timeout: 20_000 }).toBe(false);
}

test('who looks again at what has not changed asks no worker, and what changes is seen', async () => {
  const incident = await (await bed.open()).toPhase('quickFix');
  await settled(incident);
  const answers = new Answers();
  let asked = 0;
  const look = async () =>
    answers.asOf(await incident.handle.describe(), ['incident'], () => {
      asked += 1;
      return incident.view();
    });
  for (let count = 0; count < 5; count += 1) expect(await look()).toMatchObject({ attempt: 1 });
  expect(asked).toBe(1);
  await incident.send('fixReady');
  expect(await look()).toMatchObject({ phase: 'quickReview' });
  expect(asked).toBe(2);
  await incident.handle.terminate();
});
