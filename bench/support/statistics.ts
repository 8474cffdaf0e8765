/** What calls of one kind took. */
export interface Timing {
  /** Each call's duration, in milliseconds. */
  latencies: number[];
  /** How long all of them took together, in milliseconds. */
  elapsed: number;
}

/** Percentiles in milliseconds, and calls a second. */
export interface Summary {
  p50: number;
  p99: number;
  rate: number;
}

/**
 * The smallest value that `share` (0 to 1) of all values do not exceed: the nearest-rank method, which
 * answers only with values that were measured.
 */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (values: number[]): number => percentile(values, 0.5);

export const summarise = ({ latencies, elapsed }: Timing): Summary => ({
  p50: percentile(latencies, 0.5),
  p99: percentile(latencies, 0.99),
  rate: (latencies.length * 1000) / elapsed,
});

/** All timings as one. */
export const together = (timings: Timing[]): Timing => ({
  latencies: timings.flatMap(({ latencies }) => latencies),
  elapsed: timings.reduce((sum, { elapsed }) => sum + elapsed, 0),
});
