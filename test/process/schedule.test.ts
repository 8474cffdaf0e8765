import { assert, integer, nat, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { missedMoment, nextMoment, noMoment, timeOf } from '../../src/process/schedule.ts';

const scheduleArbitrary = record({
  initialDelay: nat(100_000),
  interval: integer({ min: 1000, max: 60_000 }),
  end: nat(600_000),
});

test('the next moment is the first one that is neither measured nor past, within the time', () => {
  assert(
    property(
      scheduleArbitrary,
      integer({ min: noMoment, max: 100 }),
      nat(700_000),
      (schedule, last, elapsed) => {
        const moment = nextMoment(schedule, last, elapsed);
        if (moment === undefined) {
          const first = Math.max(
            last + 1,
            Math.ceil((elapsed - schedule.initialDelay) / schedule.interval),
          );
          expect(timeOf(schedule, first)).toBeGreaterThan(schedule.end);
          return;
        }
        expect(moment).toBeGreaterThan(last);
        expect(timeOf(schedule, moment)).toBeLessThanOrEqual(schedule.end);
        if (moment > last + 1) expect(timeOf(schedule, moment - 1)).toBeLessThan(elapsed);
      },
    ),
  );
});

test('what was missed is the newest moment that has passed, and only once', () => {
  assert(
    property(
      scheduleArbitrary,
      integer({ min: noMoment, max: 100 }),
      nat(700_000),
      (schedule, last, elapsed) => {
        const moment = missedMoment(schedule, last, elapsed);
        if (moment === undefined) return;
        expect(moment).toBeGreaterThan(last);
        expect(timeOf(schedule, moment)).toBeLessThanOrEqual(Math.min(elapsed, schedule.end));
        expect(timeOf(schedule, moment + 1)).toBeGreaterThan(Math.min(elapsed, schedule.end));
        expect(missedMoment(schedule, moment, elapsed)).toBeUndefined();
      },
    ),
  );
});

const schedule = { initialDelay: 5000, interval: 10_000, end: 30_000 };

test.each([
  [noMoment, 0, 0, undefined],
  [noMoment, 5000, 0, 0],
  [0, 5200, 1, undefined],
  [0, 14_999, 1, undefined],
  [0, 31_000, undefined, 2],
  [2, 31_000, undefined, undefined],
])('after moment %i, at %i ms', (last, elapsed, next, missed) => {
  expect(nextMoment(schedule, last, elapsed)).toBe(next);
  expect(missedMoment(schedule, last, elapsed)).toBe(missed);
});
