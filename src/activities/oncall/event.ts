import ICAL from 'ical.js';
import { messageOf } from '../failures.ts';
import type { RawEvent, RawProperty } from './components.ts';
import { Recurrence, readRule } from './recurrence.ts';
import { namesOfWho, type Shift, shiftOf } from './shifts.ts';
import {
  day,
  dayOf,
  instantAt,
  type Length,
  lengthBetween,
  midnightOf,
  readDuration,
  readTime,
  type Time,
} from './times.ts';
import { instantOf, utc, type Zone } from './zones.ts';

/** What of an event cannot be read, and when that matters. */
export interface Doubt {
  line: number;
  says: string;
  /** Where the event covers the moment by what is known of it, or at any moment of that span. */
  matters: 'whenItCovers' | { from: number; to: number };
}

export interface SeriesRule {
  recurrence: Recurrence;
  /** Whether an occurrence is no later than UNTIL. */
  holds: (wall: number) => boolean;
}

export interface Occurrence {
  start: Time;
  length: Length;
}

export interface CalendarEvent {
  line: number;
  title: string;
  uid: string | undefined;
  sequence: number;
  stamp: string;
  isCancelled: boolean;
  /** Undefined where it has none, or one that cannot be read. */
  start: Time | undefined;
  length: Length;
  rules: SeriesRule[];
  exceptRules: SeriesRule[];
  extra: Occurrence[];
  leftOut: Time[];
  /** An exception stands for an occurrence of a series: for this one. */
  replaces: Time | undefined;
  isException: boolean;
  /** And for all that follow. */
  andFuture: boolean;
  doubts: Doubt[];
  shift: () => Shift;
}

export type ZoneOf = (tzid: string | undefined) => Zone;
export type Visit = (occurrences: number) => void;

const namesOfTimes = new Set([
  ...['dtstart', 'dtend', 'duration', 'rrule', 'exrule', 'rdate', 'exdate', 'recurrence-id'],
  ...['uid', 'sequence', 'dtstamp', 'status'],
]);

const ever = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
const never = { from: 0, to: 0 };

/** The longest shift that is thought of where an end cannot be read. */
const longestShift = 366 * day;

/** Reads an event as far as it can be read. `visit` is told how many occurrences are looked at. */
export function readEvent(raw: RawEvent, zoneOf: ZoneOf, visit: Visit): CalendarEvent {
  const reader = new EventReader(raw, zoneOf);
  const start = reader.start();
  const length = reader.length(start);
  return {
    ...{ line: raw.line, title: reader.value('summary') ?? '', uid: reader.value('uid') },
    sequence: Number(reader.value('sequence') ?? 0) || 0,
    stamp: reader.value('dtstamp') ?? '',
    isCancelled: reader.value('status')?.toUpperCase() === 'CANCELLED',
    ...{ start, length },
    rules: reader.rules('rrule', start, visit),
    exceptRules: reader.rules('exrule', start, visit),
    extra: reader.extra(start, length),
    leftOut: reader.times('exdate', start, 'whenItCovers'),
    replaces: reader.times('recurrence-id', start, ever)[0],
    isException: reader.has('recurrence-id'),
    andFuture: reader.range() === 'THISANDFUTURE',
    shift: reader.shift(),
    doubts: reader.doubts,
  };
}

class EventReader {
  readonly doubts: Doubt[] = [];
  readonly #raw: RawEvent;
  readonly #zoneOf: ZoneOf;

  constructor(raw: RawEvent, zoneOf: ZoneOf) {
    this.#raw = raw;
    this.#zoneOf = zoneOf;
    if (raw.isOpen) this.#doubt(raw.line, 'it has no END:VEVENT', 'whenItCovers');
    for (const { isStray, name, number } of raw.properties) {
      if (isStray && (namesOfTimes.has(name) || namesOfWho.has(name))) {
        this.#doubt(number, 'this line is no property', 'whenItCovers');
      }
    }
  }

  #doubt(line: number, says: string, matters: Doubt['matters']): void {
    this.doubts.push({ line, says, matters });
  }

  #all = (name: string): RawProperty[] =>
    this.#raw.properties.filter((one) => one.name === name && !one.isStray);

  has = (name: string): boolean => this.#all(name).length > 0;

  value(name: string): string | undefined {
    const [property] = this.#all(name);
    return property && rawValueOf(property);
  }

  range(): string | undefined {
    const [property] = this.#all('recurrence-id');
    return (
      property && this.#try(property, ever, () => parameterOf(property, 'range'))?.toUpperCase()
    );
  }

  /** What `read` makes of a property; a doubt where it throws. */
  #try<T>(property: RawProperty, matters: Doubt['matters'], read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.#doubt(property.number, messageOf(error), matters);
      return undefined;
    }
  }

  start(): Time | undefined {
    const [property] = this.#all('dtstart');
    if (property) {
      return this.#try(property, this.#beforeItsEnd(), () =>
        this.#time(property, rawValueOf(property)),
      );
    }
    this.#doubt(this.#raw.line, 'it has no DTSTART, and so no time', never);
    return undefined;
  }

  /** Where only its end is known. */
  #beforeItsEnd(): { from: number; to: number } {
    const [end] = this.#all('dtend');
    if (!end || this.has('rrule') || this.has('rdate')) return ever;
    try {
      return { ...ever, to: readTime(rawValueOf(end), utc).wall + 2 * day };
    } catch {
      return ever;
    }
  }

  /** In the zone that it names, else in that of its series; a zone that nobody knows is a doubt. */
  #time(property: RawProperty, text: string, series?: Time): Time {
    const tzid = parameterOf(property, 'tzid');
    const zone = tzid === undefined && series ? series.zone : this.#zoneOf(tzid);
    const time = readTime(text, zone);
    if (time.zone.isKnown) return time;
    const name = tzid === undefined ? 'time zone of the calendar' : `time zone "${tzid}"`;
    this.#doubt(property.number, `nobody knows the ${name}`, 'whenItCovers');
    return { ...time, zone: series?.zone ?? zone };
  }

  length(start: Time | undefined): Length {
    const standard = { nominal: start?.isDate ? day : 0, exact: 0 };
    const [end] = this.#all('dtend');
    const [duration] = this.#all('duration');
    const property = end ?? duration;
    if (!property || !start) return standard;
    const from = instantAt(start);
    const isRepeated = this.has('rrule') || this.has('rdate');
    const matters = { from, to: isRepeated ? ever.to : from + longestShift };
    const length = this.#try(property, matters, () =>
      end
        ? lengthBetween(start, this.#time(property, rawValueOf(property), start))
        : readDuration(rawValueOf(property)),
    );
    // Some calendars let a day end where it begins, though its end is not part of it (RFC 5545, 3.6.1).
    return !length || (start.isDate && length.nominal + length.exact <= 0) ? standard : length;
  }

  rules(name: 'rrule' | 'exrule', start: Time | undefined, visit: Visit): SeriesRule[] {
    if (!start) return [];
    return this.#all(name).flatMap((property) => {
      const text = rawValueOf(property);
      const matters = name === 'exrule' ? 'whenItCovers' : whileItGoesOn(text, start);
      const rule = this.#try(property, matters, (): SeriesRule => {
        const read = readRule(text, start.isDate);
        return {
          recurrence: new Recurrence(read, start.wall, visit),
          holds: read.until === undefined ? () => true : untilOf(read.until, start),
        };
      });
      return rule ? [rule] : [];
    });
  }

  times(name: string, start: Time | undefined, matters: Doubt['matters']): Time[] {
    return this.#values(name, matters, (property, text) => this.#time(property, text, start));
  }

  extra(start: Time | undefined, length: Length): Occurrence[] {
    if (!start) return [];
    return this.#values('rdate', ever, (property, text) => {
      const [begin = '', end] = text.split('/');
      const time = this.#time(property, begin, start);
      if (end === undefined) return { start: occurrenceAt(time, start), length };
      const isDuration = /^[+-]?P/i.test(end);
      const own = isDuration
        ? readDuration(end)
        : lengthBetween(time, this.#time(property, end, time));
      return { start: time, length: own };
    });
  }

  #values<T>(
    name: string,
    matters: Doubt['matters'],
    read: (property: RawProperty, text: string) => T,
  ): T[] {
    return this.#all(name).flatMap((property) =>
      rawValuesOf(property).flatMap((text) => {
        const value = this.#try(property, matters, () => read(property, text));
        return value === undefined ? [] : [value];
      }),
    );
  }

  /** What it says of people is tried at once, and understood when it covers a moment. */
  shift(): () => Shift {
    const readable = this.#raw.properties.filter(
      (property) =>
        namesOfWho.has(property.name) &&
        !property.isStray &&
        this.#try(property, 'whenItCovers', () => ICAL.Property.fromString(property.text)),
    );
    return () => shiftOf(readable);
  }
}

/** A rule that cannot be read may come true from the start on, and no later than its UNTIL. */
function whileItGoesOn(rule: string, start: Time): { from: number; to: number } {
  const from = instantAt(start) - day;
  const until = /(?:^|;)\s*UNTIL=([^;]*)/i.exec(rule)?.[1];
  try {
    const to = until === undefined ? ever.to : readTime(until, utc).wall + longestShift;
    return { from, to };
  } catch {
    return { ...ever, from };
  }
}

/** A date in a series of times has the series' time of day, and a time in one of days means its day. */
function occurrenceAt(time: Time, start: Time): Time {
  if (start.isDate) return { ...start, wall: dayOf(time, start.zone) };
  if (!time.isDate) return time;
  return { ...start, wall: time.wall + start.wall - midnightOf(start.wall) };
}

/** A date is the whole of its day, and a time without a zone is on the series' own clocks. */
function untilOf(text: string, start: Time): (wall: number) => boolean {
  const until = readTime(text, start.zone);
  if (start.isDate || until.isDate) {
    const last = dayOf(until, start.zone);
    return (wall) => midnightOf(wall) <= last;
  }
  const last = instantAt(until);
  return (wall) => instantOf(start.zone, wall) <= last;
}

/** After the first colon that is not within quotes. */
const valueForm = /^(?:[^:"]|"[^"]*")*:(.*)$/s;

const rawValueOf = ({ text }: RawProperty): string => valueForm.exec(text)?.[1]?.trim() ?? '';

/** A comma too many says nothing. */
const rawValuesOf = (property: RawProperty): string[] =>
  rawValueOf(property)
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);

function parameterOf({ text }: RawProperty, name: string): string | undefined {
  const value = ICAL.Property.fromString(text).getParameter(name);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
