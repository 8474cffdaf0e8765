import type { MeasurementOutcome } from './outcomes.ts';

/** One look at one measure. */
export interface Measurement {
  outcome: MeasurementOutcome;
  /** One sentence for people, with the value that was found. */
  summary: string;
}

/** What a measure has shown so far in its window. */
export interface Tally {
  counts: Record<MeasurementOutcome, number>;
  /** Errors since the last measurement that could be made. */
  errorsInARow: number;
  /** The summary of the newest measurement; empty before the first. */
  last: string;
  firstFailure?: string | undefined;
}

/** More errors in a row than this, and the measure itself is what is broken. */
export const longestErrorRow = 4;

export const emptyTally: Tally = {
  counts: { passed: 0, failed: 0, inconclusive: 0, error: 0 },
  errorsInARow: 0,
  last: '',
};

export function addMeasurement(tally: Tally, { outcome, summary }: Measurement): Tally {
  return {
    counts: { ...tally.counts, [outcome]: tally.counts[outcome] + 1 },
    errorsInARow: outcome === 'error' ? tally.errorsInARow + 1 : 0,
    last: summary,
    firstFailure: tally.firstFailure ?? (outcome === 'failed' ? summary : undefined),
  };
}

/** What no later measurement of the window can change; `undefined` while it can. */
export function decided(tally: Tally, failureLimit: number): 'failed' | 'error' | undefined {
  if (tally.counts.failed > failureLimit) return 'failed';
  if (tally.errorsInARow > longestErrorRow) return 'error';
  return undefined;
}

/**
 * The outcome of one measure at the end of its window. Only a measurement that passed makes it
 * pass: silence is no proof of health.
 */
export function concludeMeasure(tally: Tally, failureLimit: number): MeasurementOutcome {
  const { passed, failed, inconclusive, error } = tally.counts;
  const early = decided(tally, failureLimit);
  if (early) return early;
  if (passed > 0) return 'passed';
  return error > 0 && failed + inconclusive === 0 ? 'error' : 'inconclusive';
}

const fromWorst: MeasurementOutcome[] = ['failed', 'error', 'inconclusive', 'passed'];

/** The outcome of all measures together: the worst of them; `inconclusive` where there is none. */
export function concludeWindow(outcomes: readonly MeasurementOutcome[]): MeasurementOutcome {
  return fromWorst.find((outcome) => outcomes.includes(outcome)) ?? 'inconclusive';
}
