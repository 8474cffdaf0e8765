import { assert, constantFrom, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { type Condition, judgeValue } from '../../src/process/conditions.ts';
import { cannotHold, implies } from '../../src/process/contradictions.ts';

const bound = constantFrom<(number | undefined)[]>(undefined, -2, -1, 0, 1, 2);
const conditionArbitrary = record({
  below: bound,
  atMost: bound,
  above: bound,
  atLeast: bound,
}) as unknown as import('fast-check').Arbitrary<Condition>;

/** Every value between and at the bounds, and beyond them. */
const values = Array.from({ length: 17 }, (_, index) => (index - 8) / 2).concat([-99, 99]);

const holds = (condition: Condition, value: number) =>
  judgeValue(value, { success: condition }, {}) === 'passed';

test('a condition cannot hold exactly where no value meets it', () => {
  assert(
    property(conditionArbitrary, (condition) => {
      expect(cannotHold(condition)).toBe(!values.some((value) => holds(condition, value)));
    }),
  );
});

test('one condition implies another exactly where every value that meets it meets the other', () => {
  assert(
    property(conditionArbitrary, conditionArbitrary, (one, other) => {
      if (cannotHold(one)) return;
      const expected = values.every((value) => !holds(one, value) || holds(other, value));
      expect(implies(one, other)).toBe(expected);
    }),
  );
});

test('what is relative to a baseline may hold anywhere', () => {
  assert(
    property(integer(), (limit) => {
      const relative = { above: { of: 'before' as const, factor: 1 } };
      expect(cannotHold({ ...relative, below: limit })).toBe(false);
      expect(implies({ above: limit }, relative)).toBe(false);
      expect(implies({ ...relative, above: limit }, { above: limit })).toBe(true);
    }),
  );
});
