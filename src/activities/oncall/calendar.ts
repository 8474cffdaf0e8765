import ICAL from 'ical.js';
import { isTimeZone } from '../../process/workingHours.ts';
import { ianaNameOf } from './zone-names.ts';
import { NamedZone } from './zones.ts';

export interface Attendee {
  /** The addresses that it gives; a calendar may have one of its own beside the person's. */
  emails: string[];
  name: string | undefined;
}

/** What an event says of whom it is about. */
export interface Shift {
  summary: string;
  /** Those who have not declined; rooms and the like are left out. */
  attendees: Attendee[];
  organizer: string | undefined;
}

/**
 * The events of an iCalendar text (RFC 5545) that cover a moment: recurrences with their exceptions,
 * without what is cancelled. `timeZone` is that of all-day events and of times without one; where it
 * is not said, the calendar's own, else UTC. Throws an Error where the text cannot be understood, and
 * may go on for very long where a rule can never come true.
 */
export function shiftsAt(text: string, at: Date, timeZone?: string): Shift[] {
  const instant = at.getTime() / 1000;
  return calendarsIn(text)
    .flatMap((calendar) => eventsCovering(calendar, instant, timeZone))
    .filter((event) => textOf(event, 'status')?.toUpperCase() !== 'CANCELLED')
    .map(shiftOf);
}

type Calendar = ICAL.Component;

function calendarsIn(text: string): Calendar[] {
  const parsed: unknown[] = ICAL.parse(text.replace(/^\uFEFF/, ''));
  const roots = typeof parsed[0] === 'string' ? [parsed] : parsed;
  const calendars = roots.map((root) => new ICAL.Component(root as unknown[]));
  if (calendars.length === 0 || calendars.some(({ name }) => name !== 'vcalendar')) {
    throw new Error('it holds no VCALENDAR');
  }
  return calendars;
}

/** The components of the events, or of their exceptions, that cover the moment (in Unix seconds). */
function eventsCovering(
  calendar: Calendar,
  instant: number,
  timeZone: string | undefined,
): ICAL.Component[] {
  const zoneOf = zonesOf(calendar, timeZone);
  const events = newestOf(calendar.getAllSubcomponents('vevent'));
  for (const event of events) settle(event, zoneOf);
  const exceptions = new Map<string, ICAL.Component[]>();
  for (const one of events.filter(isException)) {
    exceptions.set(uidOf(one), [...(exceptions.get(uidOf(one)) ?? []), one]);
  }
  return events.flatMap((event) =>
    isException(event)
      ? covering(new ICAL.Event(event, { exceptions: [] }), instant)
      : recurrencesCovering(event, exceptions.get(uidOf(event)) ?? [], instant),
  );
}

const isException = (event: ICAL.Component): boolean => event.hasProperty('recurrence-id');

const textOf = (event: ICAL.Component, property: string): string | undefined =>
  event.getFirstPropertyValue(property)?.toString();

const uidOf = (event: ICAL.Component): string => textOf(event, 'uid') ?? '';

/** Of several revisions of one event or exception, the one with the highest SEQUENCE, then DTSTAMP. */
function newestOf(events: ICAL.Component[]): ICAL.Component[] {
  const sequenceOf = (event: ICAL.Component) => Number(textOf(event, 'sequence') ?? 0);
  const stampOf = (event: ICAL.Component) => textOf(event, 'dtstamp') ?? '';
  const revisions = events
    .toSorted(
      (one, other) =>
        sequenceOf(one) - sequenceOf(other) || stampOf(one).localeCompare(stampOf(other)),
    )
    .map((event): [unknown, ICAL.Component] => [identityOf(event), event]);
  return [...new Map(revisions).values()];
}

const identityOf = (event: ICAL.Component): unknown =>
  event.hasProperty('uid') ? `${textOf(event, 'recurrence-id') ?? ''} ${uidOf(event)}` : event;

type ZoneOf = (tzid: string | undefined) => ICAL.Timezone;

/** The zones that the calendar does not describe itself, each made once. */
function zonesOf(calendar: Calendar, timeZone: string | undefined): ZoneOf {
  const standard = timeZone || textOf(calendar, 'x-wr-timezone')?.trim() || 'UTC';
  const zones = new Map<string, ICAL.Timezone>();
  return (tzid = standard) => {
    const zone = zones.get(tzid) ?? namedZone(tzid);
    zones.set(tzid, zone);
    return zone;
  };
}

function namedZone(tzid: string): ICAL.Timezone {
  const name = ianaNameOf(tzid);
  if (name !== undefined) return new NamedZone(name);
  throw new Error(`it uses the time zone "${tzid}", which it does not describe`);
}

const timesOfEvents = ['dtstart', 'dtend', 'recurrence-id', 'exdate', 'rdate'];

/**
 * Gives a zone to the times that have none yet. What a calendar says itself of a zone with an IANA name
 * may be years old: the system's own rules go before it.
 */
function settle(event: ICAL.Component, zoneOf: ZoneOf): void {
  const start = event.getFirstPropertyValue('dtstart');
  if (!(start instanceof ICAL.Time)) throw new Error('it has an event without DTSTART');
  lastADay(event, start);
  for (const name of timesOfEvents) {
    for (const property of event.getAllProperties(name)) {
      const tzid = tzidOf(property);
      const isNamed = tzid !== undefined && isTimeZone(tzid);
      for (const time of property.getValues()) {
        if (!(time instanceof ICAL.Time)) continue;
        const isOpen = isNamed || time.zone === ICAL.Timezone.localTimezone;
        // A date among times, as some exceptions are, stands for any time of that day.
        if (isOpen && time.isDate === start.isDate) time.zone = zoneOf(tzid);
      }
    }
  }
}

/** Some calendars let a day end where it begins, though its end is not part of it (RFC 5545, 3.6.1). */
function lastADay(event: ICAL.Component, start: ICAL.Time): void {
  const end = event.getFirstPropertyValue('dtend');
  if (!start.isDate || !(end instanceof ICAL.Time) || end.compareDateOnlyTz(start, start.zone) > 0)
    return;
  event.removeAllProperties('dtend');
}

const tzidOf = (property: ICAL.Property): string | undefined => {
  const tzid = property.getParameter('tzid');
  return typeof tzid === 'string' ? tzid : undefined;
};

const isWithin = (instant: number, start: ICAL.Time, end: ICAL.Time): boolean =>
  start.toUnixTime() <= instant && instant < end.toUnixTime();

const covering = (event: ICAL.Event, instant: number): ICAL.Component[] =>
  isWithin(instant, event.startDate, event.endDate) ? [event.component] : [];

/** Exceptions are events of their own, so that what they replace is left out here. */
function recurrencesCovering(
  component: ICAL.Component,
  exceptions: ICAL.Component[],
  instant: number,
): ICAL.Component[] {
  const event = new ICAL.Event(component, { exceptions });
  // Where there are extra dates and no rule, the library would leave out the first one.
  if (!component.hasProperty('rrule') && component.hasProperty('rdate')) {
    component.addPropertyWithValue('rdate', event.startDate);
  }
  const replaced = new Set(exceptions.map((one) => recurrenceOf(one)?.toUnixTime()));
  const lead = Math.max(0, ...exceptions.map(shiftedForward));
  const found: ICAL.Component[] = [];
  const iterator = event.iterator();
  for (let start = iterator.next(); start; start = iterator.next()) {
    if (start.toUnixTime() > instant + lead) break;
    if (replaced.has(start.toUnixTime())) continue;
    const { item, startDate, endDate } = event.getOccurrenceDetails(start);
    const end = item === event ? endOf(event, start, endDate) : endDate;
    if (isWithin(instant, startDate, end)) found.push(item.component);
  }
  return found;
}

const recurrenceOf = (exception: ICAL.Component): ICAL.Time | null => {
  const id = exception.getFirstPropertyValue('recurrence-id');
  return id instanceof ICAL.Time ? id : null;
};

/** By how many seconds an exception that holds for what follows, too, begins earlier. */
function shiftedForward(exception: ICAL.Component): number {
  const event = new ICAL.Event(exception, { exceptions: [] });
  if (!event.modifiesFuture()) return 0;
  return (recurrenceOf(exception)?.toUnixTime() ?? 0) - event.startDate.toUnixTime();
}

/**
 * A shift that is handed over at nine is handed over at nine in every week, also in that in which the
 * clocks change: as calendars show it.
 */
function endOf({ startDate, endDate }: ICAL.Event, start: ICAL.Time, exact: ICAL.Time): ICAL.Time {
  if (startDate.zone !== endDate.zone) return exact;
  const end = start.clone();
  end.addDuration(endDate.subtractDate(startDate));
  return end;
}

function shiftOf(event: ICAL.Component): Shift {
  return {
    summary: textOf(event, 'summary')?.trim() ?? '',
    attendees: event.getAllProperties('attendee').filter(takesPart).map(attendeeOf),
    organizer: addressesOf(event.getFirstProperty('organizer'))[0],
  };
}

const parameterOf = (property: ICAL.Property, name: string): string =>
  String(property.getParameter(name) ?? '').toUpperCase();

const takesPart = (attendee: ICAL.Property): boolean =>
  !['DECLINED', 'DELEGATED'].includes(parameterOf(attendee, 'partstat')) &&
  parameterOf(attendee, 'role') !== 'NON-PARTICIPANT' &&
  ['', 'INDIVIDUAL', 'UNKNOWN'].includes(parameterOf(attendee, 'cutype'));

const attendeeOf = (attendee: ICAL.Property): Attendee => ({
  emails: addressesOf(attendee),
  name: attendee.getParameter('cn')?.toString(),
});

/** The person's own address (RFC 7986, 6.2) first, then the calendar's. */
function addressesOf(property: ICAL.Property | null): string[] {
  if (!property) return [];
  const own = property.getParameter('email')?.toString();
  const value = property.getFirstValue()?.toString();
  return [own, value].flatMap((one) => (one ? [plain(one)] : []));
}

/** A `mailto` URI may have any character percent-encoded, and headers after a question mark (RFC 6068). */
function plain(address: string): string {
  const [, path] = /^\s*mailto:([^?]*)/i.exec(address) ?? [];
  if (path === undefined) return address.trim();
  try {
    return decodeURIComponent(path).trim();
  } catch {
    return path.trim();
  }
}
