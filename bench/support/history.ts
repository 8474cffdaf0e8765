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

/** What an activity of the type has brought back, in bytes; undefined where none has ended. */
export function resultBytes(events: HistoryEvent[], type: string): number | undefined {
  const scheduled = events.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === type,
  );
  const completed = events
    .map((event) => event.activityTaskCompletedEventAttributes)
    .find(
      (end) =>
        end?.scheduledEventId && end.scheduledEventId.toString() === scheduled?.eventId?.toString(),
    );
  return completed?.result?.payloads?.[0]?.data?.length;
}
