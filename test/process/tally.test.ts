import { array, assert, constantFrom, nat, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import type { MeasurementOutcome } from '../../src/process/outcomes.ts';
import {
  addMeasurement,
  concludeMeasure,
  decided,
  emptyTally,
  isDecided,
  type Limits,
  type Tally,
  worstOf,
} from '../../src/process/tally.ts';

const outcome = constantFrom<MeasurementOutcome>('passed', 'failed', 'inconclusive', 'error');
const outcomes = array(outcome, { maxLength: 40 });
const limitsArbitrary = record({
  failureLimit: nat(5),
  inconclusiveLimit: nat(5),
  consecutiveErrorLimit: nat(5),
  count: constantFrom(undefined, 1, 3, 10),
});
const defaults: Limits = { failureLimit: 0, inconclusiveLimit: 0, consecutiveErrorLimit: 4 };

const tallyOf = (found: readonly MeasurementOutcome[]) =>
  found.reduce(
    (tally, one, index) => addMeasurement(tally, { outcome: one, summary: `${one} ${index}` }),
    emptyTally,
  );

/** As the activity does it: a measure that is decided is not measured any more. */
function conclude(found: readonly MeasurementOutcome[], limits: Limits): MeasurementOutcome {
  let tally: Tally = emptyTally;
  for (const one of found) {
    if (decided(tally, limits)) break;
    tally = addMeasurement(tally, { outcome: one, summary: one });
  }
  return concludeMeasure(tally, limits);
}

const countOf = (found: readonly MeasurementOutcome[], which: MeasurementOutcome) =>
  found.filter((one) => one === which).length;

const rank = (one: MeasurementOutcome) =>
  ['passed', 'inconclusive', 'error', 'failed'].indexOf(one);

test('only what passed can pass, and never beyond a limit', () => {
  assert(
    property(outcomes, limitsArbitrary, (found, limits) => {
      const bounded = { ...limits, count: undefined };
      if (conclude(found, bounded) !== 'passed') return;
      expect(countOf(found, 'passed')).toBeGreaterThan(0);
      expect(countOf(found, 'failed')).toBeLessThanOrEqual(limits.failureLimit);
      expect(countOf(found, 'inconclusive')).toBeLessThanOrEqual(limits.inconclusiveLimit);
    }),
  );
});

test('an outcome never improves when what passed had failed instead', () => {
  assert(
    property(outcomes, array(nat(39)), limitsArbitrary, (found, places, limits) => {
      const worse = found.map((one, index) =>
        one === 'passed' && places.includes(index) ? 'failed' : one,
      );
      expect(rank(conclude(worse, limits))).toBeGreaterThanOrEqual(rank(conclude(found, limits)));
    }),
  );
});

// After an error, a failure that is borne shows that it can be measured again.
test('an outcome never improves by failures that are added after what could be measured', () => {
  assert(
    property(outcomes, nat(10), limitsArbitrary, (found, more, limits) => {
      if (found.at(-1) === 'error') return;
      const worse = [...found, ...Array<MeasurementOutcome>(more).fill('failed')];
      const before = conclude(found, limits);
      expect(rank(conclude(worse, limits))).toBeGreaterThanOrEqual(rank(before));
    }),
  );
});

test('removing data never makes a pass', () => {
  assert(
    property(outcomes, array(nat(39)), limitsArbitrary, (found, places, limits) => {
      const strict = { ...limits, inconclusiveLimit: 0 };
      const fewer = found.map((one, index) =>
        one !== 'error' && places.includes(index) ? 'inconclusive' : one,
      );
      if (conclude(fewer, strict) === 'passed') expect(conclude(found, strict)).toBe('passed');
    }),
  );
});

test('removing what passed never makes a pass, whatever is borne', () => {
  assert(
    property(outcomes, array(nat(39)), limitsArbitrary, (found, places, limits) => {
      const fewer = found.map((one, index) =>
        one === 'passed' && places.includes(index) ? 'inconclusive' : one,
      );
      if (conclude(fewer, limits) === 'passed') expect(conclude(found, limits)).toBe('passed');
    }),
  );
});

test('a measurement that is left out altogether is no pass', () => {
  assert(
    property(limitsArbitrary, (limits) => {
      expect(conclude([], limits)).toBe('inconclusive');
    }),
  );
});

test('a decision is never taken back by what follows', () => {
  assert(
    property(outcomes, outcomes, limitsArbitrary, (found, more, limits) => {
      const early = decided(tallyOf(found), limits);
      if (early === null) return;
      expect(conclude([...found, ...more], limits)).toBe(conclude(found, limits));
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

const letters = { P: 'passed', F: 'failed', I: 'inconclusive', E: 'error' } as const;
const series = (text: string) =>
  text.split('').map((letter) => letters[letter as keyof typeof letters]);

/** P passed, F failed, I inconclusive, E error; expected by the semantics of Argo Rollouts. */
test.each<[string, string, Partial<Limits>, MeasurementOutcome]>([
  ['no failure is borne by default', 'PPFP', {}, 'failed'],
  ['as many failures as are borne', 'PFPFP', { failureLimit: 2 }, 'passed'],
  ['one more', 'PFPFPF', { failureLimit: 2 }, 'failed'],
  ['three failures of which three are borne', 'PFFFP', { failureLimit: 3 }, 'passed'],
  ['no inconclusive measurement is borne by default', 'PIP', {}, 'inconclusive'],
  ['as many as are borne', 'IPIP', { inconclusiveLimit: 2 }, 'passed'],
  ['one more inconclusive', 'IPIPI', { inconclusiveLimit: 2 }, 'inconclusive'],
  ['four errors in a row are borne by default', 'PEEEEP', {}, 'passed'],
  ['a fifth is not', 'PEEEEEP', {}, 'error'],
  ['errors that are not in a row', 'EEEEPEEEEP', {}, 'passed'],
  ['a failure that is borne ends a row of errors', 'EEEFEEEP', { failureLimit: 1 }, 'passed'],
  ['no error is borne', 'PEP', { consecutiveErrorLimit: 0 }, 'error'],
  ['errors at the end are no proof, though borne', 'PPEE', {}, 'error'],
  ['the count is reached', 'PPPF', { count: 3 }, 'passed'],
  ['failures count towards the count', 'FPPF', { count: 3, failureLimit: 1 }, 'passed'],
  ['errors do not', 'EPEPF', { count: 3 }, 'failed'],
  ['the first limit exceeded decides', 'IF', {}, 'inconclusive'],
  ['and this way round', 'FI', {}, 'failed'],
  ['errors exceed before a failure', 'EEEEEF', {}, 'error'],
])('%s: %s', (_, found, limits, expected) => {
  expect(conclude(series(found), { ...defaults, ...limits })).toBe(expected);
});

/** Where Argo Rollouts would be content. */
test.each<[string, string, Partial<Limits>, MeasurementOutcome]>([
  ['nothing measured', '', {}, 'inconclusive'],
  ['failures alone that are borne', 'FF', { failureLimit: 2 }, 'inconclusive'],
  ['missing data alone that is borne', 'II', { inconclusiveLimit: 2 }, 'inconclusive'],
  ['errors alone that are borne', 'EE', {}, 'error'],
  ['errors and missing data', 'EI', { inconclusiveLimit: 1 }, 'error'],
  ['a count reached by failures alone', 'F', { count: 1, failureLimit: 1 }, 'inconclusive'],
])('%s is no proof: %s', (_, found, limits, expected) => {
  expect(conclude(series(found), { ...defaults, ...limits })).toBe(expected);
});

test.each<[MeasurementOutcome[], MeasurementOutcome]>([
  [[], 'inconclusive'],
  [['passed', 'passed'], 'passed'],
  [['passed', 'inconclusive'], 'inconclusive'],
  [['inconclusive', 'error', 'passed'], 'error'],
  [['error', 'failed', 'passed'], 'failed'],
])('the worst of %j is %s', (found, expected) => {
  expect(worstOf(found)).toBe(expected);
});

test('the order of measures does not matter, and one more never improves the analysis', () => {
  assert(
    property(outcomes, outcome, (found, more) => {
      expect(worstOf(found.toReversed())).toBe(worstOf(found));
      if (found.length === 0) return;
      expect(rank(worstOf([...found, more]))).toBeGreaterThanOrEqual(rank(worstOf(found)));
    }),
  );
});

test.each<[(MeasurementOutcome | null)[], boolean]>([
  [[], true],
  [[null], false],
  [['failed', null], true],
  [['error', null], false],
  [['inconclusive', null, 'passed'], false],
  [['inconclusive', 'passed'], true],
])('an analysis of %j is decided: %s', (found, expected) => {
  expect(isDecided(found)).toBe(expected);
});
