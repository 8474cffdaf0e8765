import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Program } from '../support/processes.ts';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';

/*
 * The SDK alone, without anything of ours: why workers keep no workflow in their cache. A query that is
 * dispatched to a worker which has just died falls to another one. That one loads the workflow for it,
 * with a timer that has rung since and that no workflow task has taken yet; applies it at the time of
 * the task before; and goes on from there when the task comes. A replay sees the task's own time.
 */

const file = (name: string) => fileURLToPath(new URL(`takeover/${name}`, import.meta.url));

let temporal: TestTemporal;
let folder: string;
let bundle: string;
const programs: Program[] = [];

beforeAll(async () => {
  temporal = await startTemporal();
  folder = await mkdtemp(join(tmpdir(), 'hotfix-takeover-'));
  bundle = join(folder, 'bundle.js');
  const logger = new DefaultLogger('ERROR');
  const { code } = await bundleWorkflowCode({ workflowsPath: file('workflow.ts'), logger });
  await writeFile(bundle, code);
});

afterAll(async () => {
  for (const program of programs) {
    await program.end('SIGKILL');
    program.forget();
  }
  await temporal.stop();
  await rm(folder, { recursive: true, force: true });
});

async function startWorker(queue: string, cached: number): Promise<Program> {
  const { address } = temporal.server;
  const program = new Program([file('worker.mjs'), address, queue, bundle, String(cached)], {});
  programs.push(program);
  await program.says('ready');
  return program;
}

const eventsOf = async (handle: WorkflowHandle) => (await handle.fetchHistory()).events ?? [];

/** The question waits a second for the dead worker, and the timer rings meanwhile. In milliseconds. */
const askBefore = 500;

/** When the timer rings, in milliseconds. */
async function timerOf(handle: WorkflowHandle): Promise<number> {
  const started = (await eventsOf(handle)).find((event) => event.timerStartedEventAttributes);
  const after = started?.timerStartedEventAttributes?.startToFireTimeout;
  return (optionalTsToMs(started?.eventTime) ?? 0) + (optionalTsToMs(after) ?? 0);
}

const hasCompleted = (handle: WorkflowHandle, tasks: number) =>
  expect
    .poll(
      async () =>
        (await eventsOf(handle)).filter((event) => event.workflowTaskCompletedEventAttributes)
          .length,
      { timeout: 30_000 },
    )
    .toBeGreaterThanOrEqual(tasks);

/** The history of a workflow whose worker is killed while it is asked something. */
async function takenOver(cached: number): Promise<unknown> {
  const queue = `takeover-${randomUUID()}`;
  const first = await startWorker(queue, cached);
  const handle = await temporal.client.workflow.start('takeover', {
    taskQueue: queue,
    workflowId: queue,
  });
  await hasCompleted(handle, 1);
  await startWorker(queue, cached);
  await handle.signal('begin');
  await hasCompleted(handle, 2);
  await first.end('SIGKILL');
  await sleep((await timerOf(handle)) - askBefore - Date.now());
  const answer = temporal.connection.withDeadline(Date.now() + 30_000, () =>
    handle.query<number | null, []>('seen'),
  );
  await answer;
  await hasCompleted(handle, 3);
  const history = await handle.fetchHistory();
  await handle.terminate();
  return history;
}

const replay = (history: unknown) =>
  Worker.runReplayHistory({ workflowBundle: { codePath: bundle } }, history);

test('without a cache, what a query loads is not gone on with', async () => {
  await replay(await takenOver(0));
});

// Which of the two tasks a busy server hands out first is not ours to say, so it is tried again.
test('with a cache, it is: where this fails the SDK is mended, and workers may have a cache again', {
  retry: 3,
}, async () => {
  await expect(replay(await takenOver(100))).rejects.toThrow(DeterminismViolationError);
});
