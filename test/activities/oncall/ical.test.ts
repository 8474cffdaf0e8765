import { describe, expect, test } from 'vitest';
import { createIcalRota, icalRotaConfigSchema } from '../../../src/activities/oncall/ical.ts';
import { answer, closedUrl, listen } from '../server.ts';
import { adapterDeps } from '../support.ts';
import { ask, berlin, calendar, event, never, people } from './support.ts';

const rotaAt = (url: string, change: object = {}) =>
  createIcalRota(
    'primary',
    icalRotaConfigSchema.parse({ adapter: 'ical', url, ...change }),
    people,
    adapterDeps(),
  );

const served = (feed: string, headers: object = { 'content-type': 'text/calendar' }) =>
  listen((_, response) => answer(response, 200, feed, headers));

/** Who is on call by this feed at each of these moments. */
async function expectTable(feed: string, table: Record<string, string[]>, change: object = {}) {
  const { url } = await served(feed);
  const rota = rotaAt(url, change);
  const found: Record<string, string[]> = {};
  for (const moment of Object.keys(table)) found[moment] = (await ask(rota, moment)).people;
  expect(found).toEqual(table);
}

const at = (tzid: string, time: string) => `;TZID=${tzid}:${time}`;

describe('who is on call at which moment', () => {
  test.each(['Central Office Time', 'Europe/Berlin'])(
    'weeks by turns, with an exception, over both changes of the clocks, in %s',
    async (tzid) => {
      const weekly = (uid: string, day: string, next: string, ...lines: string[]) =>
        event(
          `UID:${uid}`,
          `DTSTART${at(tzid, `${day}T090000`)}`,
          `DTEND${at(tzid, `${next}T090000`)}`,
          'RRULE:FREQ=WEEKLY;INTERVAL=2',
          ...lines,
        );
      const feed = calendar(
        berlin,
        weekly('ana', '20260302', '20260309', 'SUMMARY:Ana Ito'),
        weekly(
          'ben',
          '20260309',
          '20260316',
          'SUMMARY:Ben Osei',
          `EXDATE${at(tzid, '20260420T090000')}`,
        ),
        event(
          'UID:ben',
          `RECURRENCE-ID${at(tzid, '20260406T090000')}`,
          `DTSTART${at(tzid, '20260407T120000')}`,
          `DTEND${at(tzid, '20260413T090000')}`,
          'SUMMARY:Cy',
        ),
        event(
          'UID:ana',
          'STATUS:CANCELLED',
          // The same moment by the clocks of another zone.
          `RECURRENCE-ID${at('America/New_York', '20260511T030000')}`,
          `DTSTART${at(tzid, '20260511T090000')}`,
          `DTEND${at(tzid, '20260518T090000')}`,
          'SUMMARY:Ana Ito',
        ),
      );
      await expectTable(feed, {
        '2026-03-02T07:59:59Z': [],
        '2026-03-02T08:00:00Z': ['ana'],
        '2026-03-09T07:59:59Z': ['ana'],
        '2026-03-09T08:00:00Z': ['ben'],
        // The clocks go forward on the 29th: nine is an hour earlier from then on.
        '2026-03-29T12:00:00Z': ['ben'],
        '2026-03-30T06:59:59Z': ['ben'],
        '2026-03-30T07:00:00Z': ['ana'],
        // An exception begins a day later and by another; nobody is there until then.
        '2026-04-06T07:00:00Z': [],
        '2026-04-07T09:59:59Z': [],
        '2026-04-07T10:00:00Z': ['cy'],
        '2026-04-13T06:59:59Z': ['cy'],
        '2026-04-13T07:00:00Z': ['ana'],
        // Left out by EXDATE, and one that is cancelled.
        '2026-04-22T12:00:00Z': [],
        '2026-05-13T12:00:00Z': [],
        '2026-05-04T07:00:00Z': ['ben'],
        // And back again on the 25th of October.
        '2026-10-26T07:59:59Z': ['ben'],
        '2026-10-26T08:00:00Z': ['ana'],
      });
    },
  );

  test('nights over the hour that is there twice, and the one that is not there', async () => {
    const feed = calendar(
      event(
        `DTSTART${at('Europe/Berlin', '20260101T200000')}`,
        `DTEND${at('Europe/Berlin', '20260102T080000')}`,
        'RRULE:FREQ=DAILY',
        'SUMMARY:Ana Ito',
      ),
    );
    await expectTable(feed, {
      '2026-03-28T19:00:00Z': ['ana'],
      '2026-03-29T05:59:59Z': ['ana'],
      '2026-03-29T06:00:00Z': [],
      '2026-10-24T18:00:00Z': ['ana'],
      '2026-10-25T06:59:59Z': ['ana'],
      '2026-10-25T07:00:00Z': [],
    });
  });

  test('a time that the clocks show twice is the first; one that they skip is an hour later', async () => {
    const hour = (day: string) =>
      event(`DTSTART${at('Europe/Berlin', `${day}T023000`)}`, 'DURATION:PT1M', 'SUMMARY:Ana Ito');
    await expectTable(calendar(hour('20261025'), hour('20260329')), {
      '2026-10-25T00:30:00Z': ['ana'],
      '2026-10-25T01:30:00Z': [],
      '2026-03-29T00:30:00Z': [],
      '2026-03-29T01:30:00Z': ['ana'],
    });
  });

  test('weeks of which the first has an hour more', async () => {
    const feed = calendar(
      event(
        `DTSTART${at('Europe/Berlin', '20261019T090000')}`,
        `DTEND${at('Europe/Berlin', '20261026T090000')}`,
        'RRULE:FREQ=WEEKLY;INTERVAL=2',
        'SUMMARY:Ana Ito',
      ),
    );
    await expectTable(feed, {
      '2026-10-26T07:59:59Z': ['ana'],
      '2026-10-26T08:00:00Z': [],
      '2026-11-09T07:59:59Z': ['ana'],
      '2026-11-09T08:00:00Z': [],
    });
  });

  test('days of a zone, as the rota, the feed or nobody says', async () => {
    const days = event(
      'DTSTART;VALUE=DATE:20261024',
      'DTEND;VALUE=DATE:20261026',
      'RRULE:FREQ=WEEKLY;COUNT=2',
      'EXDATE;VALUE=DATE:20261031',
      'SUMMARY:Ana Ito',
    );
    const inBerlin = {
      '2026-10-23T21:59:59Z': [],
      '2026-10-23T22:00:00Z': ['ana'],
      '2026-10-25T22:59:59Z': ['ana'],
      '2026-10-25T23:00:00Z': [],
      '2026-10-31T12:00:00Z': [],
    };
    await expectTable(calendar(days), inBerlin, { timeZone: 'Europe/Berlin' });
    await expectTable(calendar(['X-WR-TIMEZONE:Europe/Berlin'], days), inBerlin);
    await expectTable(calendar(days), {
      '2026-10-23T23:59:59Z': [],
      '2026-10-24T00:00:00Z': ['ana'],
      '2026-10-25T23:59:59Z': ['ana'],
      '2026-10-26T00:00:00Z': [],
    });
  });

  test('what holds for the rest of a series, too', async () => {
    const feed = calendar(
      event(
        'UID:series',
        'DTSTART:20260105T080000Z',
        'DURATION:PT8H',
        'RRULE:FREQ=DAILY;UNTIL=20260110T080000Z',
        'SUMMARY:Ana Ito',
      ),
      event(
        'UID:series',
        'RECURRENCE-ID;RANGE=THISANDFUTURE:20260107T080000Z',
        'DTSTART:20260107T060000Z',
        'DURATION:PT8H',
        'SUMMARY:Ben Osei',
      ),
    );
    await expectTable(feed, {
      '2026-01-06T08:00:00Z': ['ana'],
      '2026-01-07T06:00:00Z': ['ben'],
      '2026-01-08T06:00:00Z': ['ben'],
      '2026-01-08T14:00:00Z': [],
      '2026-01-10T13:59:59Z': ['ben'],
      '2026-01-11T08:00:00Z': [],
    });
  });

  test('several at once are all of them, each once; an extra date counts; the newest revision holds', async () => {
    const day = ['DTSTART:20260105T000000Z', 'DTEND:20260106T000000Z'];
    const feed = calendar(
      event(...day, 'SUMMARY:Ana Ito', 'RDATE:20260110T000000Z'),
      event(...day, 'SUMMARY:Ben Osei / Ana Ito'),
      event('UID:moved', 'SEQUENCE:2', 'SUMMARY:Cy', 'DTSTART:20260107T000000Z', 'DURATION:P1D'),
      event('UID:moved', 'SEQUENCE:1', 'SUMMARY:Cy', ...day),
    );
    await expectTable(feed, {
      '2026-01-05T12:00:00Z': ['ana', 'ben'],
      '2026-01-10T12:00:00Z': ['ana'],
      '2026-01-07T12:00:00Z': ['cy'],
    });
  });

  test('an exception whose series is not in the feed counts by itself', async () => {
    const feed = calendar(
      event(
        'RECURRENCE-ID:20260105T000000Z',
        'DTSTART:20260106T000000Z',
        'DTEND:20260107T000000Z',
        'SUMMARY:Ana Ito',
      ),
    );
    await expectTable(feed, { '2026-01-05T12:00:00Z': [], '2026-01-06T12:00:00Z': ['ana'] });
  });

  test('a calendar without events has nobody on call, which is an answer', async () => {
    await expectTable(calendar(), { '2026-01-05T12:00:00Z': [] });
  });
});

describe('whom an event means', () => {
  const now = '2026-01-05T12:00:00Z';
  const meant = async (...lines: string[]) => {
    const { url } = await served(
      calendar(event('DTSTART:20260105T000000Z', 'DTEND:20260106T000000Z', ...lines)),
    );
    return ask(rotaAt(url), now);
  };

  test.each<[string, string[], { people: string[]; strangers?: string[] }]>([
    ['an attendee by address', ['ATTENDEE:mailto:ANA.ITO@example.com'], { people: ['ana'] }],
    ['an attendee by name', ['ATTENDEE;CN=Cy:mailto:cy@home.example'], { people: ['cy'] }],
    [
      'attendees, before the title and the organizer',
      ['ATTENDEE:mailto:ben@example.com', 'ORGANIZER:mailto:ana.ito@example.com', 'SUMMARY:Cy'],
      { people: ['ben'] },
    ],
    [
      'nobody who has declined, and no room',
      [
        'ATTENDEE;PARTSTAT=DECLINED:mailto:ben@example.com',
        'ATTENDEE;CUTYPE=ROOM:mailto:room@example.com',
        'ATTENDEE;PARTSTAT=ACCEPTED:mailto:ana.ito@example.com',
      ],
      { people: ['ana'] },
    ],
    [
      'attendees of whom one is a stranger',
      ['ATTENDEE:mailto:ana.ito@example.com', 'ATTENDEE;CN=Zoe:mailto:zoe@example.com'],
      { people: ['ana'], strangers: ['Zoe <zoe@example.com>'] },
    ],
    ['a title that is an id', ['SUMMARY: BEN '], { people: ['ben'] }],
    ['a title with a name', ['SUMMARY:On Call - ben osei (shop)'], { people: ['ben'] }],
    ['a title with an address', ['SUMMARY:primary: ben@example.com'], { people: ['ben'] }],
    ['the longer name', ['SUMMARY:Ana Ito on call'], { people: ['ana'] }],
    ['the shorter name', ['SUMMARY:Ana on call'], { people: ['anait'] }],
    [
      'no part of a word',
      ['SUMMARY:Cycling and Anatomy'],
      { people: [], strangers: ['"Cycling and Anatomy"'] },
    ],
    [
      'its organizer at last',
      ['SUMMARY:On call', 'ORGANIZER:mailto:ana.ito@example.com'],
      { people: ['ana'] },
    ],
    [
      'a stranger',
      ['SUMMARY:Primary', 'ATTENDEE;CN=Zoe Q:mailto:zoe@example.com'],
      { people: [], strangers: ['Zoe Q <zoe@example.com>'] },
    ],
    ['nobody at all', [], { people: [], strangers: ['nothing'] }],
  ])('%s', async (_, lines, expected) => {
    expect(await meant(...lines)).toEqual({ strangers: [], ...expected });
  });
});

test('all moments are answered by one fetch, each for itself', async () => {
  const broken = event('DTSTART:20260107T000000Z', 'DURATION:P1D', 'SUMMARY;X:y');
  const day = ['DTSTART:20260105T000000Z', 'DURATION:P1D', 'SUMMARY:Ana Ito'];
  const { url, received } = await served(calendar(event(...day), broken));
  const look = await rotaAt(url).lookAhead(never);
  expect(await look(new Date('2026-01-05T12:00:00Z'))).toMatchObject({ people: ['ana'] });
  expect(await look(new Date('2026-01-06T12:00:00Z'))).toMatchObject({ people: [] });
  await expect(look(new Date('2026-01-07T12:00:00Z'))).rejects.toThrow('cannot be read');
  expect(received).toHaveLength(1);
});

test('the charset that the answer declares is that of the feed', async () => {
  const zoe = [{ id: 'zoe', name: 'Zoë', contacts: {} }];
  const feed = calendar(event('DTSTART:20260105T000000Z', 'DURATION:P1D', 'SUMMARY:Zoë'));
  const { url } = await listen((_, response) => {
    response.writeHead(200, { 'content-type': 'text/calendar; charset="UTF-16LE"' });
    response.end(Buffer.from(feed, 'utf16le'));
  });
  const config = icalRotaConfigSchema.parse({ adapter: 'ical', url });
  const rota = createIcalRota('primary', config, zoe, adapterDeps());
  expect(await ask(rota, '2026-01-05T12:00:00Z')).toEqual({ people: ['zoe'], strangers: [] });
});

describe('a feed that cannot be used', () => {
  const now = '2026-01-05T12:00:00Z';
  const failing = async (url: string, change: object = {}) => {
    const failure = await ask(rotaAt(url, change), now).catch((error: unknown) => error);
    return failure as { type: string; message: string; nonRetryable: boolean };
  };

  test('is down', async () => {
    expect(await failing(await closedUrl())).toMatchObject({
      type: 'Unreachable',
      nonRetryable: false,
      message: expect.stringMatching(/^The calendar of primary at http.* cannot be reached/),
    });
  });

  test('is slow', async () => {
    const { url } = await listen((_, response) => void response.write('BEGIN:VCALENDAR\r\n'));
    expect(await failing(url, { timeout: '100ms' })).toMatchObject({
      type: 'TimedOut',
      message: expect.stringContaining('no answer within 100 ms'),
    });
  });

  test.each([
    ['nothing', ''],
    ['a page to log in', '<html><body>Sign in</body></html>'],
    ['JSON', '{"error":"gone"}'],
    ['one that breaks off', calendar(event('SUMMARY:Ana')).slice(0, -40)],
    ['another kind of file', 'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ana\r\nEND:VCARD\r\n'],
    ['without events that end', calendar(['END:VEVENT'])],
  ])('is %s', async (_, text) => {
    const { url } = await served(text);
    expect(await failing(url)).toMatchObject({
      type: 'BadAnswer',
      nonRetryable: true,
      message: expect.stringMatching(/it is not iCalendar \(.+\); it says/),
    });
  });

  test.each<[string, string[], RegExp]>([
    ['a day that is none', ['DTSTART:yesterday'], /"yesterday" is no time \(line 7\)/],
    ['a rule that is none', ['DTSTART:20260101T000000Z', 'RRULE:FREQ=NEVER'], /frequency.*"NEVER"/],
    [
      'a zone that nobody knows',
      ['DTSTART;TZID=Mars/Olympus:20260105T120000', 'DURATION:PT1H'],
      /nobody knows the time zone "Mars\/Olympus"/,
    ],
    [
      'a rule without an end to look at',
      ['DTSTART:19900101T000000Z', 'DURATION:PT1S', 'RRULE:FREQ=SECONDLY'],
      /its rule takes too many steps/,
    ],
  ])('may have somebody on call now: %s', async (_, lines, problem) => {
    const { url } = await served(calendar(event(...lines, 'SUMMARY:Ana')));
    const failure = await failing(url);
    expect(failure).toMatchObject({ type: 'BadAnswer', nonRetryable: true });
    expect(failure.message).toMatch(problem);
    expect(failure.message).toMatch(/the event "Ana" in line 4 cannot be read: /);
  });

  test('but not now is told', async () => {
    const { url } = await served(calendar(event('SUMMARY:Ana')));
    expect(await ask(rotaAt(url), now)).toEqual({
      ...{ people: [], strangers: [] },
      problems: ['the event "Ana" in line 4 cannot be read: it has no DTSTART, and so no time'],
    });
  });

  test('is huge', async () => {
    const { url } = await served('X'.repeat(6 * 1024 * 1024));
    expect(await failing(url)).toMatchObject({
      type: 'BadAnswer',
      message: expect.stringContaining('answers with more than 5 MiB'),
    });
  });

  test.each<[number, string, string, object?]>([
    [401, 'Unauthorized', 'check the url in FEED'],
    [403, 'Forbidden', 'give the url in FEED the right'],
    [404, 'NotFound', 'check the url'],
    [429, 'Busy', 'is busy', { 'retry-after': '30' }],
    [500, 'Unreachable', 'fails (500)'],
    [302, 'Refused', 'redirects (302), which is not followed', { location: '/secret/other' }],
  ])('answers %i, and its secret url stays one', async (status, type, message, headers = {}) => {
    const { url } = await listen((_, response) => answer(response, status, 'no', headers));
    const config = icalRotaConfigSchema.parse({ adapter: 'ical', urlEnv: 'FEED' });
    const rota = createIcalRota('primary', config, people, {
      secret: () => `${url}/secret/feed.ics?key=secret`,
    });
    const failure = await ask(rota, now).catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({ type, message: expect.stringContaining(message) });
    expect((failure as Error).message).toMatch(/^The calendar of primary at the url in FEED/);
    expect((failure as Error).message).not.toContain('secret');
  });

  test('is asked for no longer than whoever asks', async () => {
    const controller = new AbortController();
    const { url } = await listen(() => controller.abort(new Error('broken off')));
    await expect(rotaAt(url).onCall(new Date(now), controller.signal)).rejects.toThrow(
      'broken off',
    );
    expect(never.aborted).toBe(false);
  });
});
