import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;

export type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

/** What a workflow leaves in Temporal, all of its events. */
export async function eventsOf(handle: WorkflowHandle): Promise<HistoryEvent[]> {
  const { events } = await handle.fetchHistory();
  if (!events) throw new Error(`${handle.workflowId} has no history.`);
  return events;
}

/** As Temporal keeps them, without its indices. */
export const bytesOf = (events: HistoryEvent[]): number =>
  History.encode({ events }).finish().length;

/** What the first activity of the type has brought back, as JSON; undefined while it has not. */
export function resultIn(events: HistoryEvent[], type: string): string | undefined {
  const scheduled = events.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === type,
  );
  const completed = events
    .map((event) => event.activityTaskCompletedEventAttributes)
    .find((end) => end && String(end.scheduledEventId) === String(scheduled?.eventId));
  const data = completed?.result?.payloads?.[0]?.data;
  return data ? Buffer.from(data).toString('utf8') : undefined;
}

/** The same, looked for until it is there or `deadline` has passed, on the clock of `performance.now()`. */
export async function awaitResult(
  handle: WorkflowHandle,
  type: string,
  deadline: number,
): Promise<string | undefined> {
  for (;;) {
    const result = resultIn(await eventsOf(handle), type);
    if (result !== undefined || performance.now() > deadline) return result;
    await sleep(1_000);
  }
}
