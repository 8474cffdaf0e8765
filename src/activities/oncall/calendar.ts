import { calendarsIn, type RawCalendar } from './components.ts';
import { contentLines } from './content-lines.ts';
import {
  type CalendarEvent,
  type Doubt,
  type Occurrence,
  readEvent,
  type SeriesRule,
  type Visit,
} from './event.ts';
import type { Shift } from './shifts.ts';
import { dayOf, instantAt, type Length, midnightOf, type Time } from './times.ts';
import { instantOf, wallAt, type Zone, zoneNamed } from './zones.ts';

export interface FeedOptions {
  /** As the answer declares it; else UTF-8. */
  charset?: string | undefined;
  /** Of all-day events and of times without one; else the calendar's own, else UTC. */
  timeZone?: string | undefined;
}

/** A feed that has been read, for any number of moments. */
export interface ReadFeed {
  /**
   * The events that cover the moment: recurrences with their exceptions, without what is cancelled.
   * Throws an Error where an event that cannot be read might.
   */
  shiftsAt(moment: Date): Shift[];
  /** Of each event that cannot be read, what is wrong, with its title and line. */
  problems: string[];
  /** How many occurrences have been looked at so far. */
  visited(): number;
}

/** Nothing else runs while they are looked at. */
const mostVisited = 200_000;

/** Reads an iCalendar feed (RFC 5545). Throws an Error where it is none. */
export function readFeed(bytes: Uint8Array, { charset, timeZone }: FeedOptions): ReadFeed {
  let visited = 0;
  const visit: Visit = (occurrences) => {
    visited += occurrences;
    if (visited > mostVisited) throw new TooMany(`it has more than ${mostVisited} occurrences`);
  };
  const events = calendarsIn(contentLines(bytes, charset)).map((calendar) =>
    eventsOf(calendar, timeZone, visit),
  );
  const groups = events.flatMap(groupsOf);
  const problems = events
    .flat()
    .flatMap((event) => event.doubts.map((doubt) => problemOf(event, doubt)));
  return {
    shiftsAt: (moment) =>
      groups.flatMap((group) => coveringIn(group, moment.getTime())).map(({ shift }) => shift()),
    problems: [...new Set(problems)],
    visited: () => visited,
  };
}

class TooMany extends Error {}

function eventsOf(
  calendar: RawCalendar,
  timeZone: string | undefined,
  visit: Visit,
): CalendarEvent[] {
  const standard = timeZone ?? calendar.timeZone ?? 'UTC';
  const zones = new Map<string, Zone>();
  const zoneOf = (tzid = standard) => {
    const zone = zones.get(tzid) ?? zoneNamed(tzid, calendar.zones);
    zones.set(tzid, zone);
    return zone;
  };
  return newestOf(calendar.events.map((raw) => readEvent(raw, zoneOf, visit)));
}

/** Of several revisions of one event or exception, the one with the highest SEQUENCE, then DTSTAMP. */
function newestOf(events: readonly CalendarEvent[]): CalendarEvent[] {
  const revisions = events
    .toSorted(
      (one, other) =>
        one.sequence - other.sequence ||
        Number(one.stamp > other.stamp) - Number(one.stamp < other.stamp),
    )
    .map((event): [unknown, CalendarEvent] => [identityOf(event), event]);
  return [...new Map(revisions).values()];
}

function identityOf(event: CalendarEvent): unknown {
  const { uid, replaces, isException } = event;
  if (uid === undefined || (isException && !replaces)) return event;
  return `${replaces ? `${replaces.isDate} ${instantAt(replaces)}` : ''} ${uid}`;
}

/** An event and the exceptions from it; its series may be missing in the feed. */
interface Group {
  series: CalendarEvent | undefined;
  exceptions: CalendarEvent[];
}

function groupsOf(events: readonly CalendarEvent[]): Group[] {
  const groups = new Map<unknown, Group>();
  for (const event of events) {
    const key = event.uid ?? event;
    const group = groups.get(key) ?? { series: undefined, exceptions: [] };
    groups.set(key, group);
    if (event.isException) group.exceptions.push(event);
    else group.series = event;
  }
  return [...groups.values()];
}

/** Exceptions are events of their own, so that what they replace is left out of their series. */
function coveringIn({ series, exceptions }: Group, instant: number): CalendarEvent[] {
  const repeated = series ? occurringAt(series, exceptions, instant) : [];
  const found = [...exceptions.filter((event) => covers(event, instant)), ...repeated];
  const covering = found.filter(({ isCancelled }) => !isCancelled);
  for (const event of series ? [series, ...exceptions] : exceptions) {
    // A cancelled series says nothing; a cancelled exception says what is not.
    if (event.isCancelled && !event.isException) continue;
    const doubt = event.doubts.find((one) => isOpen(one, covering.includes(event), instant));
    if (doubt) throw new Error(problemOf(event, doubt));
  }
  return covering;
}

const isOpen = ({ matters }: Doubt, doesCover: boolean, instant: number): boolean =>
  matters === 'whenItCovers' ? doesCover : matters.from <= instant && instant < matters.to;

const longestTitle = 80;

const problemOf = (
  { title, line }: Pick<CalendarEvent, 'title' | 'line'>,
  doubt: Pick<Doubt, 'line' | 'says'>,
): string =>
  `the event "${title.slice(0, longestTitle)}" in line ${line} cannot be read: ${doubt.says}${
    doubt.line === line ? '' : ` (line ${doubt.line})`
  }`;

/** Zones are up to 14 hours from UTC. */
const farthestZone = 14 * 3_600_000;

/** Whether the instant is within; in a zone that nobody knows, whether it may be. */
function isWithin(instant: number, zone: Zone, wall: number, { nominal, exact }: Length): boolean {
  const near = 2 * farthestZone;
  if (instant < wall - near || instant > wall + nominal + exact + near) return false;
  const slack = zone.isKnown ? 0 : farthestZone;
  const start = instantOf(zone, wall) - slack;
  const end = instantOf(zone, wall + nominal) + exact + slack;
  return start <= instant && instant < end;
}

const covers = ({ start, length }: CalendarEvent, instant: number): boolean =>
  start !== undefined && isWithin(instant, start.zone, start.wall, length);

/** The series where one of its occurrences covers the instant, or the exception that moves it there. */
function occurringAt(
  series: CalendarEvent,
  exceptions: readonly CalendarEvent[],
  instant: number,
): CalendarEvent[] {
  const { start } = series;
  if (!start) return [];
  const moves = movesOf(start, exceptions);
  const covering = occurrencesNear(series, start, moves, instant).flatMap((occurrence) => {
    const { event, wall, length } = moved(occurrence, series, moves);
    return isWithin(instant, occurrence.start.zone, wall, length)
      ? [{ at: occurrence.start, event }]
      : [];
  });
  if (covering.length === 0) return [];
  const replaced = exceptions.flatMap(({ replaces }) => replaces ?? []);
  const isLeftOut = matcherOf(start, [...series.leftOut, ...replaced]);
  const isExcept = ({ wall }: Time) => wallsOf(series, series.exceptRules, wall, wall).length > 0;
  const events = covering
    .filter(({ at }) => !isLeftOut(at) && !isExcept(at))
    .map(({ event }) => event);
  return [...new Set(events)];
}

/** From an occurrence on, all are of another event, and later by so much. */
interface Move {
  from: number;
  by: number;
  event: CalendarEvent;
}

function movesOf(start: Time, exceptions: readonly CalendarEvent[]): Move[] {
  const wallOf = (time: Time) =>
    time.zone === start.zone ? time.wall : wallAt(start.zone, instantAt(time));
  return exceptions
    .flatMap((event): Move[] => {
      const { andFuture, replaces, start: begin } = event;
      if (!andFuture || !replaces || !begin) return [];
      const timeOfDay = replaces.isDate ? start.wall - midnightOf(start.wall) : 0;
      const from = wallOf(replaces) + timeOfDay;
      return [{ from: instantOf(start.zone, from), by: wallOf(begin) - from, event }];
    })
    .toSorted((one, other) => one.from - other.from);
}

function moved({ start, length }: Occurrence, series: CalendarEvent, moves: readonly Move[]) {
  const move = moves.findLast(({ from }) => from <= instantAt(start));
  return move
    ? { event: move.event, wall: start.wall + move.by, length: move.event.length }
    : { event: series, wall: start.wall, length };
}

/** Occurrences that may cover the instant, and few others. The start is one, whatever the rules say. */
function occurrencesNear(
  series: CalendarEvent,
  start: Time,
  moves: readonly Move[],
  instant: number,
): Occurrence[] {
  const lengths = [series.length, ...moves.map(({ event }) => event.length)];
  const longest = Math.max(...lengths.map(({ nominal, exact }) => nominal + exact));
  const farthest = Math.max(0, ...moves.map(({ by }) => Math.abs(by))) + 2 * farthestZone;
  const from = instant - longest - farthest;
  const to = instant + farthest;
  const walls = wallsOf(series, series.rules, from, to);
  const { length } = series;
  const ruled = [start.wall, ...walls].map((wall) => ({ start: { ...start, wall }, length }));
  return [...ruled, ...series.extra];
}

function wallsOf(
  { title, line }: CalendarEvent,
  rules: readonly SeriesRule[],
  from: number,
  to: number,
): number[] {
  try {
    return rules.flatMap(({ recurrence, holds }) => recurrence.between(from, to).filter(holds));
  } catch (error) {
    if (error instanceof TooMany) throw error;
    const says = 'its rule takes too many steps. Give it a longer interval, or no COUNT';
    throw new Error(problemOf({ title, line }, { line, says }), { cause: error });
  }
}

/**
 * Whether one of the times means an occurrence: in a series of days by its day, in one of times by its
 * moment, or by its day where that is all that is said.
 */
function matcherOf(start: Time, times: readonly Time[]): (occurrence: Time) => boolean {
  const days = new Set<number>();
  const instants = new Set<number>();
  for (const time of times) {
    if (start.isDate || time.isDate) days.add(dayOf(time, start.zone));
    else instants.add(instantAt(time));
  }
  return (occurrence) =>
    days.has(midnightOf(occurrence.wall)) || instants.has(instantAt(occurrence));
}
