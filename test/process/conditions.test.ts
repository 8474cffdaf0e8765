import { expect, test } from 'vitest';
import {
  type Baselines,
  type Conditions,
  conditionSchema,
  judgeValue,
  spellCondition,
  thresholdsOf,
} from '../../src/process/conditions.ts';
import type { MeasurementOutcome } from '../../src/process/outcomes.ts';

const success = { atLeast: 0.9 };
const failure = { below: 0.5 };

/** The cases of Argo Rollouts' documentation: failure conditions, and inconclusive runs. */
test.each<[string, number, Conditions, MeasurementOutcome]>([
  ['success alone holds', 0.95, { success }, 'passed'],
  ['success alone, at its bound', 0.9, { success }, 'passed'],
  ['success alone does not hold', 0.7, { success }, 'failed'],
  ['failure alone holds', 12, { failure: { atLeast: 10 } }, 'failed'],
  ['failure alone, at its bound', 10, { failure: { atLeast: 10 } }, 'failed'],
  ['failure alone does not hold', 9, { failure: { atLeast: 10 } }, 'passed'],
  ['of two, success holds', 0.95, { success, failure }, 'passed'],
  ['of two, failure holds', 0.4, { success, failure }, 'failed'],
  ['of two, neither holds', 0.7, { success, failure }, 'inconclusive'],
  ['both hold', 5, { success: { above: 1 }, failure: { above: 3 } }, 'failed'],
  ['neither is there', 5, {}, 'inconclusive'],
  ['infinity succeeds', Number.POSITIVE_INFINITY, { success }, 'passed'],
  ['infinity fails', Number.POSITIVE_INFINITY, { failure: { above: 3 } }, 'failed'],
  ['within a range', 3, { success: { atLeast: 1, below: 5 } }, 'passed'],
  ['above a range', 5, { success: { atLeast: 1, below: 5 } }, 'failed'],
  ['below a range', 0, { success: { atLeast: 1, below: 5 } }, 'failed'],
  ['outside a failing range', 0, { failure: { above: 1, below: 5 } }, 'passed'],
])('%s: %d', (_, value, conditions, expected) => {
  expect(judgeValue(value, conditions, {})).toBe(expected);
});

const twice = { of: 'before' as const, factor: 2 };
const half = { of: 'during' as const, factor: 0.5 };

test.each<[string, number, Conditions, Baselines, MeasurementOutcome]>([
  ['within a factor', 3, { success: { atMost: twice } }, { before: 1.5 }, 'passed'],
  ['beyond it', 3.1, { success: { atMost: twice } }, { before: 1.5 }, 'failed'],
  ['against a baseline of zero', 0.1, { success: { atMost: twice } }, { before: 0 }, 'failed'],
  ['without data, not zero', 0.1, { success: { atMost: twice } }, { before: null }, 'inconclusive'],
  ['not asked', 0.1, { success: { atMost: twice } }, {}, 'inconclusive'],
  ['failure without data', 9, { failure: { above: twice } }, { before: null }, 'inconclusive'],
  [
    'a bound that is known decides alone',
    9,
    { success: { atMost: twice, below: 5 } },
    { before: null },
    'failed',
  ],
  [
    'a failure that is known decides alone',
    9,
    { success: { atMost: twice }, failure: { above: 5 } },
    { before: null },
    'failed',
  ],
  [
    'a failure that is not known is not passed over',
    1,
    { success: { below: 5 }, failure: { above: half } },
    { during: null },
    'inconclusive',
  ],
  [
    'both baselines',
    1,
    { success: { atMost: twice, below: half } },
    { before: 1, during: 4 },
    'passed',
  ],
])('%s', (_, value, conditions, baselines, expected) => {
  expect(judgeValue(value, conditions, baselines)).toBe(expected);
});

test('a condition is spelt for people', () => {
  expect(spellCondition({ atLeast: 1, below: 3 }, {})).toBe('below 3 and at least 1');
  expect(spellCondition({ atMost: twice }, { before: 1 / 3 })).toBe(
    'at most 2 times the baseline before the impact (0.3333)',
  );
  expect(spellCondition({ below: { of: 'during', factor: 1 } }, {})).toBe(
    'below the baseline during the impact',
  );
});

test('the lines are numbers as soon as their baselines are known', () => {
  const conditions = { success: { atMost: twice }, failure: { above: 5 } };
  const fails = { label: 'fails above 5', value: 5, kind: 'failure' };
  expect(thresholdsOf(conditions, { before: null })).toEqual([fails]);
  expect(thresholdsOf(conditions, { before: 1.5 })).toEqual([
    { label: 'succeeds at most 2 times the baseline before the impact', value: 3, kind: 'success' },
    fails,
    { label: 'baseline before the impact', value: 1.5, kind: 'baseline' },
  ]);
});

test.each([
  {},
  { under: 1 },
  { below: '1' },
  { below: { of: 'after' } },
  { below: { of: 'before', factor: 0 } },
  { below: { of: 'before', factor: 1, plus: 1 } },
  { below: Number.POSITIVE_INFINITY },
])('%j is no condition', (condition) => {
  expect(conditionSchema.safeParse(condition).success).toBe(false);
});
