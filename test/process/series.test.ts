import {
  array,
  assert,
  constant,
  constantFrom,
  double,
  integer,
  oneof,
  property,
  tuple,
} from 'fast-check';
import { expect, test } from 'vitest';
import type { MeasurementOutcome, Point } from '../../src/process/outcomes.ts';
import { downsample, fewestPoints } from '../../src/process/series.ts';

const found = tuple(
  oneof(double({ noNaN: true, noDefaultInfinity: true }), constant(null)),
  constantFrom<MeasurementOutcome>('passed', 'failed', 'inconclusive', 'error'),
);
const series = array(found, { maxLength: 500 }).map((all) =>
  all.map(([value, outcome], index): Point => [index * 10_000, value, outcome]),
);
const most = integer({ min: fewestPoints, max: 300 });

const valuesOf = (points: readonly Point[]) =>
  points.map(([, value]) => value).filter((value) => value !== null);
const outcomesOf = (points: readonly Point[]) => new Set(points.map(([, , outcome]) => outcome));

test('there are never more points than wanted, all of them real and in order', () => {
  assert(
    property(series, most, (points, limit) => {
      const kept = downsample(points, limit);
      expect(kept.length).toBeLessThanOrEqual(limit);
      expect(points.filter((point) => kept.includes(point))).toEqual(kept);
    }),
  );
});

test('the ends, the extremes and every kind of outcome stay', () => {
  assert(
    property(series, most, (points, limit) => {
      const kept = downsample(points, limit);
      expect(kept[0]).toEqual(points[0]);
      expect(kept.at(-1)).toEqual(points.at(-1));
      expect(Math.max(...valuesOf(kept))).toBe(Math.max(...valuesOf(points)));
      expect(Math.min(...valuesOf(kept))).toBe(Math.min(...valuesOf(points)));
      expect(outcomesOf(kept)).toEqual(outcomesOf(points));
    }),
  );
});

test('a short series is left as it is', () => {
  const points: Point[] = [
    [0, 1, 'passed'],
    [10_000, null, 'inconclusive'],
  ];
  expect(downsample(points, fewestPoints)).toEqual(points);
});

test('a long series uses the points that it may have', () => {
  const points = Array.from({ length: 3_600 }, (_, index): Point => [index, index % 60, 'passed']);
  expect(downsample(points, 240).length).toBeGreaterThan(120);
});
