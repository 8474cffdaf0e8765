import type { OnCallAnswer, Person, Rota } from '../../../src/activities/oncall/types.ts';

export const people: Person[] = [
  {
    id: 'ana',
    name: 'Ana Ito',
    contacts: { email: 'ana.ito@example.com', pagerduty: 'PANA001' },
  },
  { id: 'ben', name: 'Ben Osei', contacts: { email: 'Ben@Example.com', pagerduty: 'PBEN002' } },
  { id: 'cy', name: 'Cy', contacts: {} },
  { id: 'anait', name: 'Ana', contacts: {} },
];

export const never = new AbortController().signal;

export const ask = (rota: Rota, at: string): Promise<OnCallAnswer> =>
  rota.onCall(new Date(at), never);

/** A calendar of these lines, each component by its own lines. */
export const calendar = (...components: string[][]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//tests//EN', ...components.flat(), 'END:VCALENDAR']
    .map((line) => `${line}\r\n`)
    .join('');

let events = 0;

export function event(...lines: string[]): string[] {
  events += 1;
  const uid = lines.some((line) => line.startsWith('UID:')) ? [] : [`UID:event-${events}`];
  return ['BEGIN:VEVENT', ...uid, 'DTSTAMP:20260101T000000Z', ...lines, 'END:VEVENT'];
}

/** Berlin as calendars describe it, under a name that no system knows. */
export const berlin = [
  'BEGIN:VTIMEZONE',
  'TZID:Central Office Time',
  'BEGIN:DAYLIGHT',
  'TZOFFSETFROM:+0100',
  'TZOFFSETTO:+0200',
  'TZNAME:CEST',
  'DTSTART:19700329T020000',
  'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU',
  'END:DAYLIGHT',
  'BEGIN:STANDARD',
  'TZOFFSETFROM:+0200',
  'TZOFFSETTO:+0100',
  'TZNAME:CET',
  'DTSTART:19701025T030000',
  'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU',
  'END:STANDARD',
  'END:VTIMEZONE',
];
