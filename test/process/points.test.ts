import {
  array,
  assert,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  property,
  tuple,
} from 'fast-check';
import { expect, test } from 'vitest';
import type { MeasurementOutcome, Point } from '../../src/process/outcomes.ts';
import { thinOut } from '../../src/process/points.ts';
import { worstOf } from '../../src/process/tally.ts';

const outcome = constantFrom<MeasurementOutcome>('passed', 'failed', 'inconclusive', 'error');
const step = tuple(nat(60_000), oneof(integer({ min: -1000, max: 1000 }), constant(null)), outcome);
const seriesArbitrary = array(step, { maxLength: 600, size: 'max' }).map((steps) => {
  let offset = 0;
  return steps.map(([wait, value, one]): Point => {
    offset += wait;
    return [offset, value, one];
  });
});
const limitArbitrary = integer({ min: 5, max: 240 });

const values = (points: readonly Point[]) =>
  points.flatMap(([, value]) => (value === null ? [] : [value]));

test('thinned out, a series is bounded, keeps its order, its ends, its extremes and its worst', () => {
  assert(
    property(seriesArbitrary, limitArbitrary, (points, limit) => {
      const kept = thinOut(points, limit);
      expect(kept.length).toBeLessThanOrEqual(limit);
      expect(kept.at(0)).toEqual(points.at(0));
      expect(kept.at(-1)).toEqual(points.at(-1));
      expect(Math.min(...values(kept))).toBe(Math.min(...values(points)));
      expect(Math.max(...values(kept))).toBe(Math.max(...values(points)));
      const outcomes = (some: readonly Point[]) => some.map(([, , one]) => one);
      expect(worstOf(outcomes(kept))).toBe(worstOf(outcomes(points)));
      const places = kept.map((point) => points.indexOf(point));
      expect(places).toEqual([...new Set(places)].sort((one, other) => one - other));
      expect(places).not.toContain(-1);
    }),
  );
});

test('what fits is left as it is', () => {
  assert(
    property(seriesArbitrary, (points) => {
      expect(thinOut(points, Math.max(5, points.length))).toEqual(points);
    }),
  );
});

test('thinned out again and again while it grows, it still has its extremes', () => {
  assert(
    property(seriesArbitrary, (points) => {
      let kept: Point[] = [];
      for (const point of points) {
        kept = [...kept, point];
        if (kept.length > 24) kept = thinOut(kept, 12);
      }
      expect(Math.min(...values(kept))).toBe(Math.min(...values(points)));
      expect(Math.max(...values(kept))).toBe(Math.max(...values(points)));
      expect(kept.at(0)).toEqual(points.at(0));
      expect(kept.at(-1)).toEqual(points.at(-1));
    }),
  );
});

test('every part of a long series is seen, and a peak in it', () => {
  const points = Array.from(
    { length: 3600 },
    (_, second): Point => [second * 1000, second === 1801 ? 50 : Math.sin(second / 60), 'passed'],
  );
  const kept = thinOut(points, 120);
  expect(kept).toContainEqual([1_801_000, 50, 'passed']);
  const gaps = kept.slice(1).map(([offset], index) => offset - (kept[index]?.[0] ?? 0));
  expect(Math.max(...gaps)).toBeLessThan((2 * 3_600_000) / 39);
});
