import { describe, expect, test } from 'vitest';
import { type FeedOptions, readFeed } from '../../../src/activities/oncall/calendar.ts';
import { calendar, event } from './support.ts';

const feedOf = (text: string | Uint8Array, options: FeedOptions = {}) =>
  readFeed(typeof text === 'string' ? Buffer.from(text) : text, options);

/** The titles of the events that cover each of these moments. */
function expectTitles(
  feed: string | Uint8Array,
  table: Record<string, string[]>,
  options: FeedOptions = {},
) {
  const read = feedOf(feed, options);
  const found = Object.keys(table).map((moment) => [
    moment,
    read.shiftsAt(new Date(moment)).map(({ summary }) => summary),
  ]);
  expect(Object.fromEntries(found)).toEqual(table);
  return read;
}

const shift = event('DTSTART:20260105T000000Z', 'DTEND:20260106T000000Z', 'SUMMARY:Ana');
const times = ['DTSTART:20260105T000000Z', 'DTEND:20260106T000000Z'];
const within = '2026-01-05T12:00:00Z';

describe('an exception means its occurrence, in whatever way it says so', () => {
  const daily = (...lines: string[]) =>
    event(
      'DTSTART;TZID=America/New_York:20260105T200000',
      'DURATION:PT1H',
      'RRULE:FREQ=DAILY;COUNT=3',
      'SUMMARY:Ana',
      ...lines,
    );
  const table = {
    '2026-01-06T01:30:00Z': ['Ana'],
    '2026-01-07T01:30:00Z': [],
    '2026-01-08T01:30:00Z': ['Ana'],
  };

  test.each([
    'EXDATE:20260106T200000',
    'EXDATE:20260107T010000Z',
    'EXDATE;TZID=Europe/Berlin:20260107T020000',
    'EXDATE;TZID=Eastern Standard Time:20260106T200000',
    'EXDATE;VALUE=DATE:20260106',
    'EXDATE:20260106T200000,',
    'EXRULE:FREQ=DAILY;INTERVAL=2;COUNT=1\r\nEXDATE:20260106T200000\r\nRDATE:20260105T200000',
  ])('%s', (line) => {
    const own = line.startsWith('EXRULE') ? { ...table, '2026-01-06T01:30:00Z': [] } : table;
    expectTitles(calendar(daily(...line.split('\r\n'))), own);
  });

  test.each(['20260107T010000Z', '20260106T200000', '20260106'])(
    'a series of times, RECURRENCE-ID:%s',
    (id) => {
      const name = id.length === 8 ? 'RECURRENCE-ID;VALUE=DATE' : 'RECURRENCE-ID';
      const tzid = id.endsWith('00') ? ';TZID=America/New_York' : '';
      const moved = event(
        'UID:s',
        `${name}${tzid}:${id}`,
        'DTSTART:20260110T000000Z',
        'DURATION:PT1H',
        'SUMMARY:Ben',
      );
      expectTitles(calendar(daily('UID:s'), moved), {
        ...table,
        '2026-01-10T00:30:00Z': ['Ben'],
      });
    },
  );

  test('extra dates are days of a series of days, and times of day of one of times', () => {
    const days = event('DTSTART;VALUE=DATE:20260105', 'RDATE:20260108T000000', 'SUMMARY:Ben');
    expectTitles(calendar(daily('RDATE;VALUE=DATE:20260120'), days), {
      '2026-01-21T01:30:00Z': ['Ana'],
      '2026-01-20T12:00:00Z': [],
      '2026-01-08T12:00:00Z': ['Ben'],
    });
  });
});

test.each([
  ['20260108T090000', []],
  ['20260109T090000', ['Ana']],
  ['20260109T000000Z', []],
  ['20260109T010000Z', ['Ana']],
  ['20260109', ['Ana']],
])('UNTIL=%s is read in the zone of the series', (until, onTheNinth) => {
  const feed = calendar(
    event(
      'DTSTART;TZID=Asia/Tokyo:20260105T090000',
      'DURATION:PT8H',
      `RRULE:FREQ=DAILY;UNTIL=${until}`,
      'SUMMARY:Ana',
    ),
  );
  // Nine in Tokyo is midnight in UTC.
  const expected = until === '20260109T000000Z' ? ['Ana'] : onTheNinth;
  expectTitles(feed, { '2026-01-09T01:00:00Z': expected, '2026-01-10T01:00:00Z': [] });
});

test.each([
  ['20260107', 'UTC'],
  ['20260107T000000Z', 'America/New_York'],
  ['20260107T235959Z', 'Asia/Tokyo'],
  ['20260106T230000Z', 'Europe/Berlin'],
  ['20260107T145959Z', 'Asia/Tokyo'],
])('UNTIL=%s ends a series of days in %s with the 7th', (until, timeZone) => {
  const feed = calendar(
    event('DTSTART;VALUE=DATE:20260105', `RRULE:FREQ=DAILY;UNTIL=${until}`, 'SUMMARY:Ana'),
  );
  expectTitles(feed, { '2026-01-07T12:00:00Z': ['Ana'], '2026-01-08T16:00:00Z': [] }, { timeZone });
});

describe('bytes before text', () => {
  const named = (title: string) => calendar(event(...times, `SUMMARY:${title}`));

  test.each<[string, Uint8Array, string?]>([
    ['in Latin-1, declared', Buffer.from(named('Zoë'), 'latin1'), 'iso-8859-1'],
    ['in Latin-1, not declared', Buffer.from(named('Zoë'), 'latin1')],
    ['in a charset that nobody knows', Buffer.from(named('Zoë')), 'x-none'],
    ['in UTF-16 with its mark', Buffer.from(`\uFEFF${named('Zoë')}`, 'utf16le')],
    ['in UTF-16, declared', Buffer.from(named('Zoë'), 'utf16le'), 'UTF-16LE'],
    ['with a byte order mark', Buffer.from(`\uFEFF${named('Zoë')}`)],
    ['with line feeds alone', Buffer.from(named('Zoë').replaceAll('\r\n', '\n'))],
    ['folded within a character', folded(Buffer.from(named('Zoë')))],
  ])('%s', (_, bytes, charset) => {
    expectTitles(bytes, { [within]: ['Zoë'] }, { charset });
  });

  function folded(bytes: Buffer): Buffer {
    const at = bytes.indexOf(0xc3) + 1;
    return Buffer.concat([bytes.subarray(0, at), Buffer.from('\r\n '), bytes.subarray(at)]);
  }
});

describe('an event that cannot be read', () => {
  const old = ['DTSTART:20150105T090000Z', 'DTEND:20150105T100000Z'];
  const open = calendar(event(...old)).replace('END:VEVENT\r\n', '');

  test.each<[string, string, RegExp | undefined]>([
    ['without a beginning', calendar(event('SUMMARY:x')), /"x" in line 4 .*: it has no DTSTART/],
    ['with a bad end', calendar(event(old[0] ?? '', 'DTEND:soon')), /"soon" is no time \(line 8\)/],
    ['with a bad beginning and an end', calendar(event('DTSTART:x', old[1] ?? '')), /no time/],
    ['with a bad attendee', calendar(event(...old, 'ATTENDEE;RSVP:mailto:x@y.z')), /line 9/],
    ['with a break in its title', calendar(event(...old, 'SUMMARY:a', 'b')), /is no property/],
    ['with a break in its description', calendar(event(...old, 'DESCRIPTION:a', 'b')), undefined],
    ['with a bad exception', calendar(event(...old, 'EXDATE:x')), /"x" is no time/],
    [
      'with a bad rule that has ended',
      calendar(event(...old, 'RRULE:FREQ=OFTEN;UNTIL=20160101')),
      /no frequency/,
    ],
    [
      'in a zone that nobody knows',
      calendar(event('DTSTART;TZID=Pacific Time:20150105T090000')),
      /nobody knows the time zone "Pacific Time"/,
    ],
    ['without its end', open, /it has no END:VEVENT/],
  ])('%s is told, and spoils no other', (_, bad, problem) => {
    const feed = bad.replace('END:VCALENDAR', `${shift.join('\r\n')}\r\nEND:VCALENDAR`);
    const { problems } = expectTitles(feed, { [within]: ['Ana'] });
    expect(problems).toEqual(problem ? [expect.stringMatching(problem)] : []);
  });

  test.each<[string, string[]]>([
    ['without a day', ['DTSTART:yesterday']],
    ['with a bad rule', [...old, 'RRULE:FREQ=OFTEN']],
    ['with a bad extra date', [...old, 'RDATE:x']],
    ['with a bad exception', ['DTSTART:20260105T090000Z', 'DURATION:PT8H', 'EXDATE:x']],
    ['with a bad title', ['DTSTART:20260105T090000Z', 'DURATION:PT8H', 'SUMMARY;X:y']],
    ['with a bad length', ['DTSTART:20260105T090000Z', 'DURATION:long']],
    ['in an unknown zone', ['DTSTART;TZID=Mars:20260105T200000', 'DURATION:PT1H']],
    ['with a rule of too many steps', [...old, 'RRULE:FREQ=SECONDLY;COUNT=1000000000']],
  ])('%s may be on at the moment', (_, lines) => {
    expect(() => feedOf(calendar(shift, event(...lines))).shiftsAt(new Date(within))).toThrow(
      /^the event ".*" in line 11 cannot be read: /,
    );
  });

  test('but is cancelled says nothing', () => {
    const feed = feedOf(calendar(shift, event('DTSTART:yesterday', 'STATUS:CANCELLED')));
    expect(feed.shiftsAt(new Date(within))).toHaveLength(1);
  });
});

describe('a moment costs what is near it', () => {
  const since2016 = Array.from({ length: 50 }, () =>
    event(
      'DTSTART;TZID=Europe/Berlin:20160105T090000',
      'DTEND;TZID=Europe/Berlin:20160105T170000',
      'RRULE:FREQ=DAILY',
      'SUMMARY:Ana',
    ),
  );

  test('in a series of ten years, of which a handful is looked at', () => {
    const feed = feedOf(calendar(...since2016));
    expect(feed.shiftsAt(new Date('2026-01-05T10:00:00Z'))).toHaveLength(50);
    expect(feed.visited()).toBeLessThanOrEqual(50 * 4);
  });

  test('and a feed of too many occurrences is refused', () => {
    const often = ['DTSTART:20260104T000000Z', 'DURATION:P1D', 'RRULE:FREQ=SECONDLY;INTERVAL=30'];
    const feed = feedOf(calendar(...Array.from({ length: 40 }, () => event(...often))));
    expect(() => feed.shiftsAt(new Date('2026-01-05T10:00:00Z'))).toThrow('more than 200000');
  });
});

test('an attendee who has handed over is the one who took over, on the list or not', () => {
  const handedOver =
    'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:ben@example.com":mailto:ana@example.com';
  const feed = feedOf(calendar(event(...times, handedOver)));
  expect(feed.shiftsAt(new Date(within))[0]?.attendees).toEqual([
    { emails: ['ben@example.com'], name: undefined },
  ]);
});
