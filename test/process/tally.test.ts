import { array, assert, constantFrom, nat, property } from 'fast-check';
import { expect, test } from 'vitest';
import {
  addMeasurement,
  concludeMeasure,
  concludeWindow,
  decided,
  emptyTally,
  longestErrorRow,
} from '../../src/process/measurements.ts';
import type { MeasurementOutcome } from '../../src/process/outcomes.ts';

const outcome = constantFrom<MeasurementOutcome>('passed', 'failed', 'inconclusive', 'error');
const outcomes = array(outcome, { maxLength: 40 });

const tallyOf = (found: readonly MeasurementOutcome[]) =>
  found.reduce(
    (tally, one, index) => addMeasurement(tally, { outcome: one, summary: `${one} ${index}` }),
    emptyTally,
  );

const countOf = (found: readonly MeasurementOutcome[], which: MeasurementOutcome) =>
  found.filter((one) => one === which).length;

test('only what passed can pass, and never beyond the failures allowed', () => {
  assert(
    property(outcomes, nat(5), (found, limit) => {
      if (concludeMeasure(tallyOf(found), limit) !== 'passed') return;
      expect(countOf(found, 'passed')).toBeGreaterThan(0);
      expect(countOf(found, 'failed')).toBeLessThanOrEqual(limit);
    }),
  );
});

test('failures beyond the limit fail, whatever comes before and after', () => {
  assert(
    property(outcomes, nat(5), (found, limit) => {
      const isBeyond = countOf(found, 'failed') > limit;
      expect(concludeMeasure(tallyOf(found), limit) === 'failed').toBe(isBeyond);
    }),
  );
});

test('a decision to fail is never taken back by what follows', () => {
  assert(
    property(outcomes, outcomes, nat(3), (found, more, limit) => {
      if (decided(tallyOf(found), limit) !== 'failed') return;
      expect(concludeMeasure(tallyOf([...found, ...more]), limit)).toBe('failed');
    }),
  );
});

test('counts are what was found', () => {
  assert(
    property(outcomes, (found) => {
      const { counts, last, firstFailure } = tallyOf(found);
      for (const [which, count] of Object.entries(counts)) {
        expect(count).toBe(countOf(found, which as MeasurementOutcome));
      }
      expect(last).toBe(found.length > 0 ? `${found.at(-1)} ${found.length - 1}` : '');
      const first = found.indexOf('failed');
      expect(firstFailure).toBe(first < 0 ? undefined : `failed ${first}`);
    }),
  );
});

const errors = (count: number) => Array<MeasurementOutcome>(count).fill('error');

test.each<[string, MeasurementOutcome[], MeasurementOutcome]>([
  ['nothing measured', [], 'inconclusive'],
  ['missing data', ['inconclusive', 'inconclusive'], 'inconclusive'],
  ['data at last', ['inconclusive', 'passed'], 'passed'],
  ['errors alone', errors(1), 'error'],
  ['errors and missing data', ['error', 'inconclusive'], 'inconclusive'],
  ['as many errors in a row as are borne', ['passed', ...errors(longestErrorRow)], 'passed'],
  ['one more', ['passed', ...errors(longestErrorRow + 1)], 'error'],
  ['a row that is broken', [...errors(4), 'passed', ...errors(4)], 'passed'],
])('%s', (_, found, expected) => {
  expect(concludeMeasure(tallyOf(found), 0)).toBe(expected);
});

test.each<[MeasurementOutcome[], MeasurementOutcome]>([
  [[], 'inconclusive'],
  [['passed', 'passed'], 'passed'],
  [['passed', 'inconclusive'], 'inconclusive'],
  [['inconclusive', 'error', 'passed'], 'error'],
  [['error', 'failed', 'passed'], 'failed'],
])('the window of %j is %s', (found, expected) => {
  expect(concludeWindow(found)).toBe(expected);
});
