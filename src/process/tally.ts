import type { MeasurementOutcome } from './outcomes.ts';
import type { Measurement } from './samples.ts';

/** What a measure has shown so far. */
export interface Tally {
  counts: Record<MeasurementOutcome, number>;
  /** Errors since the last measurement that could be made. */
  errorsInARow: number;
  /** The summary of the newest measurement; empty before the first. */
  last: string;
  firstFailure?: string | undefined;
}

/** How much of each outcome a measure bears, and how many measurements it wants. */
export interface Limits {
  /** So many may fail. */
  failureLimit: number;
  /** So many may be inconclusive. */
  inconclusiveLimit: number;
  /** So many in a row may be impossible. */
  consecutiveErrorLimit: number;
  /** After so many that could be made it is over; without it, when its time is. */
  count?: number | undefined;
}

export const emptyTally: Tally = {
  counts: { passed: 0, failed: 0, inconclusive: 0, error: 0 },
  errorsInARow: 0,
  last: '',
};

/**
 * Argo Rollouts counts in the same way (`runMeasurements` of analysis/analysis.go): any measurement
 * that could be made ends a row of errors.
 */
export function addMeasurement(
  tally: Tally,
  { outcome, summary }: Pick<Measurement, 'outcome' | 'summary'>,
): Tally {
  return {
    counts: { ...tally.counts, [outcome]: tally.counts[outcome] + 1 },
    errorsInARow: outcome === 'error' ? tally.errorsInARow + 1 : 0,
    last: summary,
    firstFailure: tally.firstFailure ?? (outcome === 'failed' ? summary : undefined),
  };
}

/**
 * The outcome of a measure that is over before its time; null while it goes on. The limits are
 * those of Argo Rollouts (`assessMetricStatus` and `assessMetricFailureInconclusiveOrError` of
 * analysis/analysis.go): each may be reached and not exceeded, whichever is exceeded first decides,
 * and errors do not count towards `count`.
 */
export function decided(tally: Tally, limits: Limits): MeasurementOutcome | null {
  const { passed, failed, inconclusive } = tally.counts;
  if (tally.errorsInARow > limits.consecutiveErrorLimit) return 'error';
  if (inconclusive > limits.inconclusiveLimit) return 'inconclusive';
  if (failed > limits.failureLimit) return 'failed';
  const isComplete = limits.count !== undefined && passed + failed + inconclusive >= limits.count;
  return isComplete ? withinLimits(tally) : null;
}

/** The outcome of a measure at the end of its time. */
export const concludeMeasure = (tally: Tally, limits: Limits): MeasurementOutcome =>
  decided(tally, limits) ?? withinLimits(tally);

/**
 * Here Argo Rollouts is content with failures and gaps that are borne, and with no measurement at
 * all. Silence is no proof of health: only a measurement that passed makes a measure pass, and not
 * where the newest one could not be made.
 */
function withinLimits({ counts, errorsInARow }: Tally): MeasurementOutcome {
  if (errorsInARow > 0) return 'error';
  if (counts.passed > 0) return 'passed';
  return counts.error > 0 ? 'error' : 'inconclusive';
}

const fromWorst: MeasurementOutcome[] = ['failed', 'error', 'inconclusive', 'passed'];

/**
 * The worst of several outcomes, in the order of Argo Rollouts (`analysisStatusOrder` of
 * utils/analysis/helpers.go); `inconclusive` where there is none.
 */
export const worstOf = (outcomes: readonly MeasurementOutcome[]): MeasurementOutcome =>
  fromWorst.find((outcome) => outcomes.includes(outcome)) ?? 'inconclusive';

/**
 * Whether nothing can change the outcome of an analysis any more: all its measures are over, or one
 * has failed. Argo Rollouts also stops at an error or an inconclusive measure; here the others go
 * on, since they watch production and a failure of theirs is still to be seen.
 */
export const isDecided = (outcomes: readonly (MeasurementOutcome | null)[]): boolean =>
  outcomes.includes('failed') || !outcomes.includes(null);
