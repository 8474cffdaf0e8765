import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, WorkflowClient } from '@temporalio/client';
import type { Duration } from '@temporalio/common';
import { msToNumber, msToTs, optionalTsToMs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';

type UpdateRequest = Parameters<Connection['workflowService']['updateWorkflowExecutionOptions']>[0];
type TimeSkippingConfig = NonNullable<
  NonNullable<UpdateRequest['workflowExecutionOptions']>['timeSkippingConfig']
>;

const RUNNING =
  proto.temporal.api.enums.v1.WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING;
const NAMESPACE = 'default';
const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 20;
/** Longer than a workflow task and a short activity take, and shorter than anybody minds. */
const CALM_MS = 3_000;
/** A skip ends so long before a timer that is to fire by itself. */
const MARGIN_MS = 250;

/**
 * Advances the clock of one workflow by `duration` (milliseconds, or a string as `15m`), and resolves
 * when the workflow has worked through every timer that was due until then, or has ended before. Needs a
 * worker. Each timer on the way costs about 20 to 40 ms.
 *
 * What holds on the server of `startTemporal` (1.32.0), each tried:
 * - Only this workflow's clock moves; the others on the server keep theirs, and several can be advanced
 *   at once. Two calls for the same workflow must follow each other.
 * - `Date.now()` in the workflow, the times of its history events and its timers follow the clock.
 *   Afterwards it runs on at normal speed and keeps its offset to real time, across continue-as-new too.
 *   So a time of receipt stamped from the real clock lies before the workflow's: stamp with `virtualNow`.
 * - A timer fires some 10 ms late, never early: advance by 899 s and a timer of 15 minutes stands; by one
 *   second more and it has fired.
 * - Signals, queries, activities and visibility work at any time, as ever.
 * - While an activity is running, or a workflow task waits for a worker, the clock runs at real speed; when
 *   that is over it jumps to where it was sent. So an activity on the way is waited for when time remains
 *   to be skipped after it, but not when it is the last thing to happen: wait for its effect.
 * - What ends within milliseconds after the end of a skip makes the clock jump on to the next timer, however
 *   far. So the last 3 s of a skip pass at real speed where a timer is due within them.
 * - Each skip adds two events to the history, each timer skipped one more: do not count events here.
 * - After continue-as-new `startTime` of `describe` and `list` is wrong by the offset. Sort by
 *   `HotfixDeclaredAt`.
 */
export async function skipTime(
  connection: Connection,
  workflowId: string,
  duration: Duration,
): Promise<void> {
  const target = (await virtualNow(connection, workflowId)) + msToNumber(duration);
  await waitFor(`the clock of ${workflowId} to advance by ${duration}`, async () => {
    const clock = await readClock(connection, workflowId);
    if (!clock.running) return true;
    if (clock.now < target) {
      // What is left is let pass.
      if (clock.skipping || target - clock.now <= CALM_MS) return false;
      const end = await calmEnd(connection, workflowId, target);
      if (end > clock.now) await fastForward(connection, workflowId, end - clock.now);
      return false;
    }
    return !clock.taskPending && (await dueTimersHaveFired(connection, workflowId, clock.now));
  });
}

/**
 * Advances the clock while no worker is alive: by `duration`, or to the first timer that fires, whose
 * workflow task then waits for a worker. A message sent next is read by that worker together with the
 * timer. The clock stands still while a message waits, so advance first and send afterwards.
 */
export async function skipTimeWithoutWorker(
  connection: Connection,
  workflowId: string,
  duration: Duration,
): Promise<void> {
  const start = await readClock(connection, workflowId);
  if (start.taskPending) throw new Error(`A task of ${workflowId} waits: its clock stands still.`);
  const target = start.now + msToNumber(duration);
  await fastForward(connection, workflowId, msToNumber(duration));
  await waitFor(`a timer of ${workflowId} or its clock`, async () => {
    const clock = await readClock(connection, workflowId);
    if (clock.taskPending) return true;
    return clock.now >= target && (await dueTimersHaveFired(connection, workflowId, clock.now));
  });
  // Otherwise the rest would be skipped as soon as a worker is back.
  await configure(connection, workflowId, { enabled: false });
}

/**
 * The workflow's clock at this moment, in milliseconds. `Date.now()` in a query stands at the last
 * workflow task, as always in Temporal.
 */
export async function virtualNow(connection: Connection, workflowId: string): Promise<number> {
  return (await readClock(connection, workflowId)).now;
}

interface Clock {
  now: number;
  running: boolean;
  skipping: boolean;
  taskPending: boolean;
}

async function readClock(connection: Connection, workflowId: string): Promise<Clock> {
  const described = await connection.workflowService.describeWorkflowExecution({
    namespace: NAMESPACE,
    execution: { workflowId },
  });
  const info = described.workflowExtendedInfo?.timeSkippingInfo;
  return {
    now: optionalTsToMs(info?.currentTime) ?? Date.now(),
    running: described.workflowExecutionInfo?.status === RUNNING,
    skipping: info?.effectiveConfig?.enabled ?? false,
    taskPending: Boolean(described.pendingWorkflowTask),
  };
}

async function fastForward(
  connection: Connection,
  workflowId: string,
  milliseconds: number,
): Promise<void> {
  const fastForwardConfig = { id: randomUUID(), duration: msToTs(Math.ceil(milliseconds)) };
  await configure(connection, workflowId, { enabled: true, fastForwardConfig });
}

async function configure(
  connection: Connection,
  workflowId: string,
  timeSkippingConfig: TimeSkippingConfig,
): Promise<void> {
  await connection.workflowService.updateWorkflowExecutionOptions({
    namespace: NAMESPACE,
    workflowExecution: { workflowId },
    workflowExecutionOptions: { timeSkippingConfig },
    updateMask: { paths: ['time_skipping_config'] },
  });
}

/** Where a skip to `target` ends at the latest, so that no timer fires shortly before its end. */
async function calmEnd(
  connection: Connection,
  workflowId: string,
  target: number,
): Promise<number> {
  const near = (await pendingTimers(connection, workflowId)).filter(
    (firesAt) => firesAt > target - CALM_MS && firesAt <= target,
  );
  return Math.min(target, ...near.map((firesAt) => firesAt - MARGIN_MS));
}

/** The server counts a skip as complete before the timers at its end have fired. */
async function dueTimersHaveFired(
  connection: Connection,
  workflowId: string,
  now: number,
): Promise<boolean> {
  return (await pendingTimers(connection, workflowId)).every((firesAt) => firesAt > now);
}

/** When each timer that stands is to fire, in milliseconds. */
async function pendingTimers(connection: Connection, workflowId: string): Promise<number[]> {
  const { events } = await new WorkflowClient({ connection }).getHandle(workflowId).fetchHistory();
  const timers = new Map<string, number>();
  for (const event of events ?? []) {
    const started = event.timerStartedEventAttributes;
    if (started) {
      const firesAt =
        (optionalTsToMs(event.eventTime) ?? 0) + (optionalTsToMs(started.startToFireTimeout) ?? 0);
      timers.set(String(started.timerId), firesAt);
    }
    const over = event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes;
    if (over) timers.delete(String(over.timerId));
  }
  return [...timers.values()];
}

async function waitFor(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (performance.now() > giveUpAt) throw new Error(`Waited a minute for ${what}.`);
    await sleep(LOOK_EVERY_MS);
  }
}
