import { cut } from './cut.ts';
import type { Draft, IncidentEvent } from './events.ts';

/*
 * A timeline travels in one payload when the workflow carries on in a new history, and again in its
 * result; Temporal takes at most 2 MB of each. So the room for what anybody can repeat is bounded, and
 * what completes the process always fits above it. All sizes are bytes of JSON in UTF-8.
 */

/** From here on comments are refused, refusals are only counted, and repeated events are folded. */
export const roomForRepetition = 600_000;

/** From here on long texts are shortened: no person's post-mortem comes to this, a flood may. */
export const roomForTexts = 1_100_000;

/** The largest single event. The largest that people can send are well below. */
const roomForEvent = 400_000;

/** What a result, a memo or an argument of ours may be: Temporal's limit, less what it adds itself. */
export const roomForPayload = 1_900_000;

const longestText = 300;
/** The longest list of people's: the proper fix, and thirty tasks each of prevention and of improvement. */
const longestList = 61;

const encoder = new TextEncoder();

/** How many bytes a value is as JSON. */
export const bytesOf = (value: unknown): number =>
  encoder.encode(JSON.stringify(value) ?? '').length;

/** The same value with long texts cut, and of long lists the newest entries. */
export function shortened<T>(value: T): T {
  if (typeof value === 'string') return cut(value, longestText) as T;
  if (Array.isArray(value)) return value.slice(-longestList).map(shortened) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, shortened(entry)]),
  ) as T;
}

/** The event as it fits into a timeline of this size. What opens an incident is never changed. */
export function fitted(draft: Draft, size: number): Draft {
  if (draft.type === 'incidentOpened') return draft;
  const isLong = size > roomForTexts || bytesOf(draft.data) > roomForEvent;
  return isLong ? ({ ...draft, data: shortened(draft.data) } as Draft) : draft;
}

/** The value, shortened where it would be larger than `room`. */
export const within = <T>(value: T, room: number): T =>
  bytesOf(value) > room ? shortened(value) : value;

/**
 * The earlier event that the new one may stand for, in a timeline that has no room for repetition: of
 * what happens again and again in the same way, the newest is enough, and it says how many it stands
 * for. Only events whose loss leaves the state as it is.
 */
export function foldedBy(
  draft: Draft,
  timeline: readonly IncidentEvent[],
): IncidentEvent | undefined {
  const kind = kindOf(draft);
  return kind === null ? undefined : timeline.findLast((event) => kindOf(event) === kind);
}

/** What makes two events repetitions of each other; null for those that never are. */
function kindOf(event: Draft): string | null {
  switch (event.type) {
    case 'escalated': {
      const { phase, wait = 'phase', level, repeat, acknowledgement } = event.data;
      // Before the last level repeats, each step of the chain is part of where it stands.
      return repeat > 1 ? [event.type, phase, wait, level, acknowledgement].join() : null;
    }
    case 'notified': {
      const { deliveries } = event.data;
      return [event.type, ...deliveries.map(({ channel, outcome }) => [channel, outcome])].join();
    }
    case 'onCallFound': {
      const { rota, people, source } = event.data;
      return [event.type, rota, source, ...people].join();
    }
    case 'deployQueueChanged':
      return [event.type, event.data.environment].join();
    case 'activityFailed':
      return [event.type, event.data.activity].join();
    case 'preflighted':
      return event.type;
    default:
      return null;
  }
}
