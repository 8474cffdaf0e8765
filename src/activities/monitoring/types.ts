import type { Measurement } from '../../process/measurements.ts';
import type { MonitorRequest } from '../types.ts';

/** One thing to look at, again and again. */
export interface Measure {
  /** Unique within its service. */
  readonly name: string;
  readonly adapter: string;
  /** From one measurement to the next, in milliseconds. */
  readonly interval: number;
  /** So many measurements may fail before the measure does. */
  readonly failureLimit: number;
  /**
   * Looks once. Throws an ApplicationFailure where the measurement cannot be made; what was found
   * and is bad is an outcome, not an error.
   */
  measure(request: MonitorRequest, signal: AbortSignal): Promise<Measurement>;
}

/** How a service is watched after a deploy. */
export interface Monitoring {
  /** How long, in milliseconds; 0 measures once. */
  window: number;
  measures: readonly Measure[];
}
