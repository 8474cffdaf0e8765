import ICAL from 'ical.js';
import type { RawProperty } from './components.ts';

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

export const namesOfWho = new Set(['summary', 'attendee', 'organizer']);

/** Of properties that can be read. */
export function shiftOf(raw: readonly RawProperty[]): Shift {
  const properties = raw.map(({ text }) => ICAL.Property.fromString(text));
  const named = (name: string) => properties.filter((one) => one.name === name);
  const attendees = named('attendee');
  return {
    summary: named('summary')[0]?.getFirstValue()?.toString().trim() ?? '',
    attendees: [
      ...attendees.filter(takesPart).map(attendeeOf),
      ...attendees.flatMap((one) => delegatesOf(one, attendees)),
    ],
    organizer: addressesOf(named('organizer')[0])[0],
  };
}

const parameterOf = (property: ICAL.Property, name: string): string =>
  String(property.getParameter(name) ?? '').toUpperCase();

const isDelegated = (attendee: ICAL.Property): boolean =>
  parameterOf(attendee, 'partstat') === 'DELEGATED';

const takesPart = (attendee: ICAL.Property): boolean =>
  !isDelegated(attendee) &&
  parameterOf(attendee, 'partstat') !== 'DECLINED' &&
  parameterOf(attendee, 'role') !== 'NON-PARTICIPANT' &&
  ['', 'INDIVIDUAL', 'UNKNOWN'].includes(parameterOf(attendee, 'cutype'));

const attendeeOf = (attendee: ICAL.Property): Attendee => ({
  emails: addressesOf(attendee),
  name: attendee.getParameter('cn')?.toString(),
});

/** Those to whom an attendee has handed over, where they are no attendees themselves. */
function delegatesOf(attendee: ICAL.Property, attendees: readonly ICAL.Property[]): Attendee[] {
  if (!isDelegated(attendee)) return [];
  const listed = new Set(attendees.flatMap(addressesOf).map((one) => one.toLowerCase()));
  return [attendee.getParameter('delegated-to') ?? []]
    .flat()
    .map(plain)
    .filter((email) => !listed.has(email.toLowerCase()))
    .map((email) => ({ emails: [email], name: undefined }));
}

/** The person's own address (RFC 7986, 6.2) first, then the calendar's. */
function addressesOf(property: ICAL.Property | undefined): string[] {
  const own = property?.getParameter('email')?.toString();
  const value = property?.getFirstValue()?.toString();
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
