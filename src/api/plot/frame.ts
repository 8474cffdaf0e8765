import type { Analysis } from '../../process/analyses.ts';
import type { Change } from '../../process/changes.ts';

/** A deploy or rollback as it is drawn; milliseconds. */
export interface Band {
  from: number;
  to: number;
  /** Where its words stand. */
  at: number;
  words: string;
}

/** What all panels share: pixels across, and the time that they span. */
export interface Frame {
  width: number;
  /** Of the plotted area, from the left edge. */
  left: number;
  right: number;
  from: number;
  to: number;
  bands: Band[];
}

/** Narrower than this is a phone. */
export const isNarrow = (width: number): boolean => width < 600;

/** A change that is further away than this part of the analysis is only told in words. */
const reach = 0.25;

/** The shortest time that is drawn, so that a single measurement has room. In milliseconds. */
const shortest = 10_000;

export function frameOf(analysis: Analysis, width: number): Frame {
  const start = Date.parse(analysis.startedAt);
  const ends = analysis.measures.map(({ points }) => start + (points.at(-1)?.[0] ?? 0));
  const end = Math.max(start, ...ends, Date.parse(analysis.finishedAt ?? '') || start);
  const span = Math.max(end - start, shortest);
  const isNear = (time: number) => time > start - reach * span && time < start + (1 + reach) * span;
  const bands = analysis.changes
    .map((change) => bandOf(change, start))
    .filter(({ at }) => isNear(at));
  const times = bands.flatMap(({ from, to }) => [from, to]).filter(isNear);
  const from = Math.min(start, ...times) - 0.02 * span;
  const to = Math.max(start + span, ...times) + 0.02 * span;
  return {
    width,
    left: isNarrow(width) ? 62 : 76,
    right: width - (isNarrow(width) ? 12 : 24),
    from,
    to,
    bands: bands.map((band) => ({
      ...band,
      from: Math.max(band.from, from),
      to: Math.min(band.to, to),
    })),
  };
}

export const xOf = ({ left, right, from, to }: Frame, at: number): number =>
  left + ((at - from) / (to - from)) * (right - left);

/** What was over before the analysis counts from its end, what came later from its beginning. */
function bandOf({ action, ref, startedAt, finishedAt, outcome }: Change, start: number): Band {
  const from = Date.parse(startedAt);
  const to = finishedAt === null ? Number.POSITIVE_INFINITY : Date.parse(finishedAt);
  if (from > start) return { from, to, at: from, words: `${action} of ${ref}` };
  const done = action === 'deploy' ? `deployed ${ref}` : `took ${ref} back`;
  const bad = outcome === 'unknown' ? 'has an unknown outcome' : 'failed';
  const isDone = outcome === 'succeeded' || outcome === null;
  return { from, to, at: to, words: isDone ? done : `${action} of ${ref} ${bad}` };
}
