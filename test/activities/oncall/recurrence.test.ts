import fc from 'fast-check';
import * as rrule from 'rrule';
import { describe, expect, test } from 'vitest';
import { Recurrence, readRule } from '../../../src/activities/oncall/recurrence.ts';

const { rrulestr } = rrule;

const day = 86_400_000;
const start = Date.UTC(2024, 1, 29, 9, 30);

const some = <T>(values: readonly T[], most: number) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: most });

const range = (least: number, most: number) =>
  Array.from({ length: most - least + 1 }, (_, index) => least + index);

const days = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const ordinals = [-5, -2, -1, 1, 2, 5].flatMap((n) => days.map((name) => `${n}${name}`));

const part = (name: string, values: fc.Arbitrary<unknown[]>) =>
  fc.option(
    values.map((list) => `;${name}=${list.join()}`),
    { nil: '' },
  );

const interval = fc.integer({ min: 1, max: 5 }).map((n) => `;INTERVAL=${n}`);
const weekStart = fc.constantFrom('', ';WKST=SU', ';WKST=WE');
const count = fc.option(
  fc.integer({ min: 1, max: 60 }).map((n) => `;COUNT=${n}`),
  { nil: '' },
);
const months = part('BYMONTH', some(range(1, 12), 4));
const monthDays = part('BYMONTHDAY', some([...range(1, 31), ...range(-31, -1)], 5));
const weekdays = part('BYDAY', some(days, 4));
const ordinalDays = part('BYDAY', some(ordinals, 4));
const yearDays = part('BYYEARDAY', some([1, 59, 60, 200, 365, 366, -1, -366], 4));
const hours = part(
  'BYHOUR',
  some([6, 14, 22], 3).map((list) => list.toSorted((one, other) => one - other)),
);
const positions = part('BYSETPOS', some([-1, 1, 2], 1));

const joined = (freq: string, ...all: fc.Arbitrary<string>[]) =>
  fc.tuple(fc.constant(`FREQ=${freq}`), ...all).map((texts) => texts.join(''));

/** BYSETPOS chooses among what other parts give, so that it needs one (RFC 5545, 3.3.10). */
const chosen = (freq: string, ...all: fc.Arbitrary<string>[]) =>
  joined(freq, interval, weekStart, ...all, positions, count).map((text) =>
    /;BY(?!SETPOS)/.test(text) ? text : text.replace(/;BYSETPOS=[^;]*/, ''),
  );

/**
 * The other implementation is wrong, or reads the RFC in another way, in these shapes, which are left out:
 * several positions (it gives one occurrence twice, and counts it twice), hours out of order, WEEKLY with
 * BYSETPOS (it leaves out of the first week's set what is before the beginning), BYWEEKNO with WKST (it
 * finds a 53rd week where there is none), with INTERVAL (it means the calendar's year, where the RFC means the year of the weeks) and without
 * BYDAY (it means all days of the week); a position that no day has makes it search up to the year 9999.
 */
const rules = fc.oneof(
  joined('DAILY', interval, weekStart, months, monthDays, weekdays, hours, count),
  joined('WEEKLY', interval, weekStart, months, weekdays, hours, count),
  chosen('MONTHLY', months, monthDays, weekdays),
  chosen('MONTHLY', months, ordinalDays),
  chosen('YEARLY', months, monthDays, weekdays),
  chosen('YEARLY', months, ordinalDays),
  chosen('YEARLY', yearDays),
  joined(
    'YEARLY',
    some([1, 2, 20, 52, 53, -1, -2], 4).map((list) => `;BYWEEKNO=${list.join()}`),
    some(days, 3).map((list) => `;BYDAY=${list.join()}`),
    count,
  ),
);

const byOther = (text: string, from: number, to: number): number[] =>
  rrulestr(`DTSTART:20240229T093000Z\nRRULE:${text}`)
    .between(new Date(from), new Date(to), true)
    .map((date) => date.getTime())
    .toSorted((one, other) => one - other);

const of = (text: string, from = start, visit: (occurrences: number) => void = () => {}) =>
  new Recurrence(readRule(text, false), from, visit);

test('any rule comes true when another implementation says so, near its beginning and years on', () => {
  fc.assert(
    fc.property(rules, fc.integer({ min: 0, max: 12 * 365 }), (text, later) => {
      const from = start + later * day;
      const to = from + 500 * day;
      expect(of(text).between(from, to)).toEqual(byOther(text, from, to));
    }),
    { numRuns: 150 },
  );
});

describe('a moment a hundred years on', () => {
  const from = Date.UTC(2126, 0, 5);

  /** The library gives up after 20,000 steps: none of these goes all the way. */
  test.each([
    ['FREQ=DAILY', 2],
    ['FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,TU,WE,TH,FR,SA,SU', 2],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1', 2],
    ['FREQ=YEARLY;BYWEEKNO=1,2;BYDAY=MO', 2],
    ['FREQ=HOURLY;INTERVAL=12', 4],
    ['FREQ=MINUTELY;INTERVAL=600', 5],
    ['FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', 0],
    ['FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30', 0],
  ])('of %s is reached past at most %i occurrences', (text, most) => {
    let visited = 0;
    const found = of(text, start, (occurrences) => {
      visited += occurrences;
    }).between(from, from + 2 * day);
    expect(visited).toBe(found.length);
    expect(visited).toBeLessThanOrEqual(most);
  });

  test('of a rule with a COUNT is counted once for all moments', () => {
    let visited = 0;
    const rule = of('FREQ=DAILY;COUNT=5000', start, (occurrences) => {
      visited += occurrences;
    });
    const last = start + 4_999 * day;
    for (const hour of range(0, 99)) rule.between(last + hour * 3_600_000, last + 10 * day);
    expect(rule.between(last, last + 10 * day)).toEqual([last]);
    expect(visited).toBe(5_000);
  });
});

test('a rule that would take too many steps is given up', () => {
  expect(() => of('FREQ=SECONDLY;COUNT=1000000').between(start, start + 30 * day)).toThrow();
});

test.each([
  ['', /no frequency/],
  ['FREQ=NEVER', /no frequency that is known, but "NEVER"/],
  ['FREQ=DAILY;INTERVAL=0', /wrong INTERVAL: "0" is no number from 1/],
  ['FREQ=DAILY;COUNT=x', /wrong COUNT/],
  ['FREQ=MONTHLY;BYMONTHDAY=0', /wrong BYMONTHDAY: it counts from 1/],
  ['FREQ=WEEKLY;BYDAY=MONDAY', /wrong BYDAY: "MONDAY" is not known/],
  ['FREQ=DAILY;toString=1', /a part "TOSTRING", which is not known/],
])('a rule %j is refused', (text, sentence) => {
  expect(() => readRule(text, false)).toThrow(sentence);
});

test('case, spaces, parts that are empty and those of a vendor do no harm', () => {
  expect(readRule(' freq=daily; interval=2;;X-OWN=1;UNTIL=20260101 ', false)).toEqual({
    options: { freq: 'DAILY', interval: 2 },
    until: '20260101',
  });
});
