import type { MeasurementOutcome, Point } from './outcomes.ts';

/** The fewest that a series can be cut to: its ends, its extremes and one of each outcome. */
export const fewestPoints = 8;

/**
 * At most `most` points of a series (and never fewer than {@link fewestPoints}), in order: its ends, and from each equal part the lowest and the
 * highest value and the first of each outcome, so that no peak and no failure disappears. The parts
 * are as fine as `most` allows.
 */
export function downsample(points: readonly Point[], most: number): Point[] {
  if (points.length <= most) return [...points];
  for (let parts = Math.floor(most / 2); parts > 1; parts = Math.floor(parts * 0.8)) {
    const kept = keep(points, parts);
    if (kept.length <= most) return kept;
  }
  return keep(points, 1);
}

function keep(points: readonly Point[], parts: number): Point[] {
  const size = Math.ceil(points.length / parts);
  const kept = new Set([points[0], points.at(-1)]);
  for (let from = 0; from < points.length; from += size) {
    for (const point of tellingOf(points.slice(from, from + size))) kept.add(point);
  }
  return points.filter((point) => kept.has(point));
}

function tellingOf(part: readonly Point[]): Point[] {
  const firsts = new Map<MeasurementOutcome, Point>();
  let lowest: Point | undefined;
  let highest: Point | undefined;
  for (const point of part) {
    const [, value, outcome] = point;
    if (!firsts.has(outcome)) firsts.set(outcome, point);
    if (value === null) continue;
    if (value < (lowest?.[1] ?? Number.POSITIVE_INFINITY)) lowest = point;
    if (value > (highest?.[1] ?? Number.NEGATIVE_INFINITY)) highest = point;
  }
  return [...firsts.values(), lowest, highest].filter((point) => point !== undefined);
}
