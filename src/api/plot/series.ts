import type { LineSeriesOption, ScatterSeriesOption } from 'echarts';
import type { Point, Threshold } from '../../process/outcomes.ts';
import type { Band } from './frame.ts';
import { ink, lines, marks, outcomes } from './look.ts';
import type { Scale } from './scale.ts';

/** The values, broken where there was none. */
export const lineOf = (points: readonly Point[], start: number): LineSeriesOption => ({
  type: 'line',
  data: withGaps(points).map(([offset, value]) => [start + offset, value]),
  showSymbol: false,
  lineStyle: { color: marks.passed.colour, width: 1.5 },
});

/** What the values are held against, and when something was done. */
export const backgroundOf = (
  thresholds: readonly Threshold[],
  bands: readonly Band[],
): Pick<LineSeriesOption, 'markLine' | 'markArea'> => ({
  markLine: {
    silent: true,
    symbol: 'none',
    label: { show: false },
    data: [
      ...thresholds.map(({ value, kind }) => ({
        yAxis: value,
        lineStyle: { color: lines[kind].colour, type: lines[kind].dash, width: 2 },
      })),
      ...bands.map(({ at }) => ({
        xAxis: at,
        lineStyle: { color: ink.text, type: 'solid' as const, width: 1.5 },
      })),
    ],
  },
  markArea: {
    silent: true,
    itemStyle: { color: ink.band },
    data: bands.map(({ from, to }) => [{ xAxis: from }, { xAxis: to }]),
  },
});

/** With more points than this the line alone shows those that passed. */
const crowd = 90;

/** A series an outcome, so that each has its shape. What had no value stands on the strip. */
export const marksOf = (
  points: readonly Point[],
  start: number,
  { strip }: Scale,
): ScatterSeriesOption[] =>
  outcomes.map((outcome) => {
    const { symbol, symbolRotate, size, colour, isHollow } = marks[outcome];
    const isShown = ([, value, own]: Point) =>
      own === outcome && (outcome !== 'passed' || value === null || points.length <= crowd);
    return {
      type: 'scatter',
      data: points.filter(isShown).map(([offset, value]) => [start + offset, value ?? strip]),
      symbol,
      symbolSize: size,
      ...(symbolRotate !== undefined && { symbolRotate }),
      itemStyle: {
        color: isHollow ? '#ffffff' : colour,
        borderColor: isHollow ? colour : '#ffffff',
        borderWidth: isHollow ? 2 : 0.5,
        opacity: 1,
      },
    };
  });

/**
 * A wait so many times longer than nearly all others is a gap: nobody measured then. Nearly all,
 * since the older part of a long series may be thinned out.
 */
const unusual = 4;
const nearlyAll = 0.9;

function withGaps(points: readonly Point[]): [offset: number, value: number | null][] {
  const waits = points.slice(1).map(([offset], at) => offset - (points[at]?.[0] ?? 0));
  const sorted = waits.toSorted((one, other) => one - other);
  const usual = sorted[Math.floor((sorted.length - 1) * nearlyAll)] ?? 0;
  return points.flatMap(([offset, value], at): [number, number | null][] => {
    const wait = waits[at - 1] ?? 0;
    return wait > unusual * usual
      ? [
          [offset - wait / 2, null],
          [offset, value],
        ]
      : [[offset, value]];
  });
}
