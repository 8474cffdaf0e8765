import proto from '@temporalio/proto';

const { EventType } = proto.temporal.api.enums.v1;

type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

/** The events that stand for one action each. */
const billable: Partial<Record<proto.temporal.api.enums.v1.EventType, string>> = {
  [EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED]: 'starts',
  [EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED]: 'signals',
  [EventType.EVENT_TYPE_TIMER_STARTED]: 'timers',
  [EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED]: 'activities',
  [EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES]: 'upserts of search attributes',
  [EventType.EVENT_TYPE_MARKER_RECORDED]: 'markers',
};

/**
 * The Temporal actions that a history shows, by kind, as Temporal Cloud bills them: one each for a
 * start (the run that continues as new is a start of its own), a signal, a timer (also those behind
 * `condition` with a timeout), an activity and every retry of it, and an upsert of search attributes;
 * search attributes and memo given at the start are free, and so is an upsert of the memo. A marker is
 * counted singly, though those of one workflow task are billed as one. Queries and heartbeats are
 * billed too, and no history shows them.
 * @see https://docs.temporal.io/cloud/actions
 */
export function billableIn(events: HistoryEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const count = (kind: string, times = 1) => {
    if (times > 0) counts[kind] = (counts[kind] ?? 0) + times;
  };
  for (const { eventType, activityTaskStartedEventAttributes: started } of events) {
    const kind = eventType ? billable[eventType] : undefined;
    if (kind) count(kind);
    if (started) count('retries of activities', (started.attempt ?? 1) - 1);
  }
  return counts;
}
