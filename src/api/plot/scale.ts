import type { Point, Threshold } from '../../process/outcomes.ts';

/** The values that a panel spans. */
export interface Scale {
  min: number;
  max: number;
  /** Below it no value lies; what had no value is drawn there. */
  floor: number;
  /** Where measurements without a value are drawn. */
  strip: number;
}

/**
 * Room for every value and every line. It begins at zero where the values are not far above it, so
 * that heights can be compared. Null where nothing has a value.
 */
export function scaleOf(points: readonly Point[], thresholds: readonly Threshold[]): Scale | null {
  const values = points.map(([, value]) => value).filter((value) => value !== null);
  if (values.length === 0) return null;
  const all = [...values, ...thresholds.map(({ value }) => value)];
  const highest = Math.max(...all);
  const lowest = Math.min(...all);
  const isFromZero = lowest >= 0 && lowest <= 0.6 * highest;
  const bottom = isFromZero ? 0 : lowest;
  const span = highest - bottom || Math.abs(highest) || 1;
  const floor = isFromZero ? 0 : bottom - 0.08 * span;
  const hasGaps = values.length < points.length;
  return {
    max: highest + 0.14 * span,
    floor,
    strip: floor - 0.13 * span,
    min: hasGaps ? floor - 0.26 * span : floor,
  };
}

/** Only measurements without a value: a strip and nothing above it. */
export const stripOnly: Scale = { min: 0, max: 1, floor: 1, strip: 0.5 };
