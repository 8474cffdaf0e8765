/** When a measure is looked at; all in milliseconds since the beginning of the analysis. */
export interface Schedule {
  /** The first moment. */
  initialDelay: number;
  /** From one moment to the next. */
  interval: number;
  /** After this there is no moment. */
  end: number;
}

/** The moments of a schedule are numbered from 0; before the first there is this one. */
export const noMoment = -1;

export const timeOf = ({ initialDelay, interval }: Schedule, moment: number): number =>
  initialDelay + moment * interval;

/**
 * The next moment after `last` that is still to come; undefined where there is none. What a slow
 * measurement has missed is not made up for, so that a slow system is not asked more often.
 */
export function nextMoment(schedule: Schedule, last: number, elapsed: number): number | undefined {
  const { initialDelay, interval } = schedule;
  const moment = Math.max(last + 1, Math.ceil((elapsed - initialDelay) / interval));
  return timeOf(schedule, moment) <= schedule.end ? moment : undefined;
}

/**
 * Argo Rollouts waits so long at most after an error (`calculateNextReconcileTime` of
 * analysis/analysis.go), whatever the interval.
 */
const longestAfterError = 10_000;

/** From a measurement that could not be made to the next, in milliseconds. */
export const waitAfterError = (interval: number): number => Math.min(interval, longestAfterError);

/**
 * The newest moment that has passed without a measurement; undefined where there is none. Whoever
 * takes an analysis over looks at once, and also when its time is over meanwhile.
 */
export function missedMoment(
  schedule: Schedule,
  last: number,
  elapsed: number,
): number | undefined {
  const { initialDelay, interval, end } = schedule;
  const moment = Math.floor((Math.min(elapsed, end) - initialDelay) / interval);
  return moment > last ? moment : undefined;
}
