import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, Worker, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClockActivities, clock, now, order, ticks } from './clockWorkflow.ts';
import {
  skipTime,
  skipTimeWithoutWorker,
  startTemporal,
  type TestTemporal,
  virtualNow,
} from './temporal.ts';

const minute = 60_000;
const hour = 60 * minute;
// Between what a test sets off and what it reads, real time passes as well.
const slack = 30_000;
// Each tick is timed from the one before it, which was some milliseconds late.
const ticksOf = (duration: number): number => duration + minute;

let temporal: TestTemporal;
let workflowBundle: WorkflowBundle;

beforeAll(async () => {
  temporal = await startTemporal();
  const workflowsPath = fileURLToPath(new URL('./clockWorkflow.ts', import.meta.url));
  workflowBundle = await bundleWorkflowCode({ workflowsPath });
});

afterAll(() => temporal.stop());

function createWorker(work: () => Promise<void> = async () => {}): Promise<Worker> {
  return Worker.create({
    connection: temporal.nativeConnection,
    taskQueue: 'clocks',
    workflowBundle,
    activities: { work } satisfies ClockActivities,
  });
}

function startClock() {
  const workflowId = `clock-${randomUUID()}`;
  return temporal.client.workflow.start(clock, { taskQueue: 'clocks', workflowId });
}

async function startedClock() {
  const handle = await startClock();
  const startedAt = await handle.query(now);
  const skip = (duration: number) => skipTime(temporal.connection, handle.workflowId, duration);
  const elapsed = async () =>
    (await virtualNow(temporal.connection, handle.workflowId)) - startedAt;
  return { handle, skip, elapsed, startedAt };
}

describe('with a worker', () => {
  test('a timer stands a second before its end, and has fired at its end', async () => {
    await (await createWorker()).runUntil(async () => {
      const { handle, skip } = await startedClock();
      await skip(15 * minute - 5_000);
      expect(await handle.query(ticks)).toHaveLength(0);
      await skip(5_000);
      expect(await handle.query(ticks)).toHaveLength(1);
    });
  });

  test('the clock of the workflow follows, and those of others do not', async () => {
    await (await createWorker()).runUntil(async () => {
      const [moved, still] = await Promise.all([startedClock(), startedClock()]);
      await moved.skip(2 * hour);
      expect(await moved.elapsed()).toBeGreaterThanOrEqual(2 * hour);
      expect(await moved.elapsed()).toBeLessThan(2 * hour + slack);
      await moved.handle.signal(order, 'work');
      expect(await moved.handle.query(now)).toBeGreaterThanOrEqual(moved.startedAt + 2 * hour);
      expect(await still.elapsed()).toBeLessThan(slack);
    });
  });

  test('every timer on a long way fires, in workflows that go side by side', async () => {
    await (await createWorker()).runUntil(async () => {
      const clocks = await Promise.all([startedClock(), startedClock()]);
      await Promise.all(clocks.map(({ skip }) => skip(ticksOf(24 * hour))));
      for (const { handle, startedAt } of clocks) {
        const times = await handle.query(ticks);
        expect(times).toHaveLength(24 * 4);
        times.forEach((time, index) => {
          expect(time).toBeGreaterThanOrEqual(startedAt + (index + 1) * 15 * minute);
        });
      }
    });
  });

  test('the clock waits for an activity that runs, and goes on after it', async () => {
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await (await createWorker(() => finished)).runUntil(async () => {
      const { handle, skip, elapsed } = await startedClock();
      await handle.signal(order, 'work');
      const skipping = skip(ticksOf(hour));
      expect(await elapsed()).toBeLessThan(slack);
      finish();
      await skipping;
      expect(await handle.query(ticks)).toHaveLength(4);
    });
  });

  test('the clock keeps its lead across continue-as-new', async () => {
    await (await createWorker()).runUntil(async () => {
      const { handle, skip, elapsed } = await startedClock();
      const first = (await handle.describe()).runId;
      await skip(ticksOf(hour));
      await handle.signal(order, 'continueAsNew');
      await expect
        .poll(async () => (await handle.describe()).runId, { timeout: 20_000 })
        .not.toBe(first);
      expect(await elapsed()).toBeGreaterThanOrEqual(hour);
      await skip(ticksOf(hour));
      expect(await handle.query(ticks)).toHaveLength(8);
    });
  });

  test('a workflow that ends on the way is enough', async () => {
    await (await createWorker()).runUntil(async () => {
      const { handle, skip } = await startedClock();
      await handle.signal(order, 'end');
      await handle.result();
      await expect(skip(hour)).resolves.toBeUndefined();
    });
  });
});

test('without a worker the clock goes to the first timer, and a message sent then is read with it', async () => {
  const first = await createWorker();
  const { handle, startedAt } = await first.runUntil(startedClock);
  await skipTimeWithoutWorker(temporal.connection, handle.workflowId, hour);
  const stopped = await virtualNow(temporal.connection, handle.workflowId);
  expect(stopped).toBeGreaterThanOrEqual(startedAt + 15 * minute);
  expect(stopped).toBeLessThan(startedAt + 15 * minute + slack);
  await handle.signal(order, 'end');
  await (await createWorker()).runUntil(async () => {
    expect(await handle.result()).toHaveLength(1);
  });
});
