import {
  array,
  assert,
  constantFrom,
  float,
  nat,
  property,
  record,
  shuffledSubarray,
} from 'fast-check';
import { expect, test } from 'vitest';
import type { MeasurementOutcome } from '../../src/process/outcomes.ts';
import { type Judgement, judgeSamples, type Sample } from '../../src/process/samples.ts';

const of = (...values: number[]): Sample[] =>
  values.map((value, index) => ({ series: `s${index}`, value }));
const judgement: Judgement = {
  success: { atMost: 1 },
  failure: { above: 2 },
  noData: 'inconclusive',
};

test.each<[string, Sample[], Partial<Judgement>, MeasurementOutcome, number | null, string]>([
  ['all well', of(0, 1), {}, 'passed', 1, '1 of s1 is at most 1.'],
  ['one bad among good ones', of(0, 3, 1), {}, 'failed', 3, '3 of s1 is above 2.'],
  [
    'one unclear',
    of(0, 1.5),
    {},
    'inconclusive',
    1.5,
    '1.5 of s1 is neither at most 1 nor above 2.',
  ],
  [
    'one value',
    [{ series: '', value: 3 }],
    { failure: undefined },
    'failed',
    3,
    '3 is not at most 1.',
  ],
  [
    'failure alone',
    [{ series: '', value: 1 }],
    { success: undefined },
    'passed',
    1,
    '1 is not above 2.',
  ],
  ['nothing', [], {}, 'inconclusive', null, 'There is no data.'],
  ['NaN', of(Number.NaN), {}, 'inconclusive', null, 'There is no data of s0.'],
  ['NaN among good ones', of(0, Number.NaN), {}, 'inconclusive', null, 'There is no data of s1.'],
  ['NaN and a bad one', of(Number.NaN, 3), {}, 'failed', 3, '3 of s1 is above 2.'],
  [
    'nothing that is well',
    [],
    { noData: 'success' },
    'passed',
    null,
    'There is no data, which counts as success.',
  ],
  [
    'nothing that is bad',
    [],
    { noData: 'failure' },
    'failed',
    null,
    'There is no data, which counts as failure.',
  ],
  [
    'NaN that is well',
    of(0, Number.NaN),
    { noData: 'success' },
    'passed',
    0,
    '0 of s0 is at most 1.',
  ],
  [
    'NaN that is bad',
    of(0, Number.NaN),
    { noData: 'failure' },
    'failed',
    null,
    'There is no data of s1, which counts as failure.',
  ],
  ['infinity', of(Number.POSITIVE_INFINITY), {}, 'failed', null, 'Infinity of s0 is above 2.'],
  [
    'no baseline',
    of(3),
    { success: { atMost: { of: 'before', factor: 2 } }, failure: undefined },
    'inconclusive',
    3,
    '3 of s0 cannot be judged: there is no data for the baseline before the impact.',
  ],
])('%s', (_, samples, change, outcome, value, summary) => {
  expect(judgeSamples(samples, { ...judgement, ...change }, {})).toEqual({
    outcome,
    value,
    summary,
  });
});

const rank = (one: MeasurementOutcome) =>
  ['passed', 'inconclusive', 'error', 'failed'].indexOf(one);
const values = array(constantFrom(0, 1, 1.5, 3, Number.NaN, Number.POSITIVE_INFINITY), {
  minLength: 1,
  maxLength: 12,
});

test('neither more failures nor less data improve what was found', () => {
  assert(
    property(values, array(nat(11)), constantFrom(3, Number.NaN), (found, places, put) => {
      const before = judgeSamples(of(...found), judgement, {}).outcome;
      const worse = found.map((value, index) => (places.includes(index) ? put : value));
      const after = judgeSamples(of(...worse), judgement, {}).outcome;
      if (put === 3) expect(rank(after)).toBeGreaterThanOrEqual(rank(before));
      else if (after === 'passed') expect(before).toBe('passed');
      const more = judgeSamples(of(...found, 3), judgement, {}).outcome;
      expect(more).toBe('failed');
    }),
  );
});

test('the order of the series does not matter', () => {
  const shuffled = values.chain((found) =>
    record({
      found: constantFrom(found),
      other: shuffledSubarray(found, { minLength: found.length }),
    }),
  );
  assert(
    property(shuffled, ({ found, other }) => {
      expect(judgeSamples(of(...other), judgement, {}).outcome).toBe(
        judgeSamples(of(...found), judgement, {}).outcome,
      );
    }),
  );
});

test('every value has an outcome, and what is kept of it is a number that can be drawn', () => {
  assert(
    property(array(float()), (found) => {
      const { value, summary } = judgeSamples(of(...found), judgement, {});
      expect(value === null || Number.isFinite(value)).toBe(true);
      expect(summary).toMatch(/^\S.*\.$/);
    }),
  );
});
