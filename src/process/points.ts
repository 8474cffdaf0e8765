import type { Point } from './outcomes.ts';
import { worstOf } from './tally.ts';

/** The fewest that a series can be thinned out to: its ends, and one stretch. */
export const fewestPoints = 5;

/** The lowest and the highest point of a stretch of time, and one of its worst outcome. */
const mostOfStretch = 3;

/**
 * At most `limit` points (at least {@link fewestPoints}) of a series, oldest first, to be drawn: the first and the last,
 * and of each of equal stretches of time its characteristic ones. So neither an extreme nor the worst
 * outcome is ever lost, however often it is done.
 */
export function thinOut(points: readonly Point[], limit: number): Point[] {
  const [first, last] = [points[0], points.at(-1)];
  if (points.length <= limit || !first || !last) return [...points];
  const count = Math.floor((limit - 2) / mostOfStretch);
  const length = (last[0] - first[0] + 1) / count;
  const stretches = Array.from({ length: count }, (): Point[] => []);
  for (const point of points.slice(1, -1)) {
    stretches[Math.floor((point[0] - first[0]) / length)]?.push(point);
  }
  return [first, ...stretches.flatMap(characteristic), last];
}

/** In the order of time. */
function characteristic(points: readonly Point[]): Point[] {
  const values = points.flatMap(([, value]) => (value === null ? [] : [value]));
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const worst = worstOf(points.map(([, , outcome]) => outcome));
  const kept = new Set([
    points.findIndex(([, value]) => value === lowest),
    points.findIndex(([, value]) => value === highest),
  ]);
  const isSeen = points.some(([, , outcome], index) => kept.has(index) && outcome === worst);
  if (!isSeen) kept.add(points.findIndex(([, , outcome]) => outcome === worst));
  return points.filter((_, index) => kept.has(index));
}
