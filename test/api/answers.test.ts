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
  const describe = () => incident.handle.describe();
  const look = async () =>
    answers.asOf(await describe(), ['incident'], {
      ask: () => {
        asked += 1;
        return incident.view();
      },
      describe,
    });
  for (let count = 0; count < 5; count += 1) expect(await look()).toMatchObject({ attempt: 1 });
  expect(asked).toBe(1);
  await incident.send('fixReady');
  await settled(incident);
  expect(await look()).toMatchObject({ phase: 'quickReview' });
  expect(asked).toBe(2);
  await incident.handle.terminate();
});

/** A description whose history has so many events. */
const after = (historyLength: number, pendingWorkflowTask: object | null = null) =>
  ({ workflowId: 'one', runId: 'run', historyLength, raw: { pendingWorkflowTask } }) as never;

/** Looks at an incident that answers and is described by turns, and counts the answers. */
async function look(first: never, descriptions: never[]) {
  let asked = 0;
  const answer = await new Answers().asOf(first, ['incident'], {
    ask: async () => {
      asked += 1;
      return { asked };
    },
    describe: async () => descriptions.shift() ?? expect.fail('It is described too often.'),
  });
  expect(answer).toEqual({ asked });
  return asked;
}

test('an answer counts only if nothing happened while it was asked for', async () => {
  expect(await look(after(10), [after(10)])).toBe(1);
  expect(await look(after(10), [after(14), after(14)])).toBe(2);
  expect(await look(after(10), [after(12, {}), after(14), after(14)])).toBe(3);
  expect(await look(after(12, {}), [after(14), after(14)])).toBe(2);
});

test('an incident that changes all the while is asked three times at most', async () => {
  expect(await look(after(10), [after(12), after(14), after(16)])).toBe(3);
});
