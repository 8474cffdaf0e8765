import type { Baselines, BaselineWindow } from '../../process/conditions.ts';
import type { Threshold } from '../../process/outcomes.ts';
import type { Measurement } from '../../process/samples.ts';
import type { Limits } from '../../process/tally.ts';
import type { MonitorRequest } from '../types.ts';

/** One thing to look at, again and again. Each of its functions throws an ApplicationFailure. */
export interface Measure {
  /** Unique within its service and environment. */
  readonly name: string;
  readonly adapter: string;
  /** From the beginning of the analysis to the first measurement, in milliseconds. */
  readonly initialDelay: number;
  /** From one measurement to the next, in milliseconds. */
  readonly interval: number;
  /** From the first measurement to the last, in milliseconds; without it, all of the soak. */
  readonly duration?: number | undefined;
  readonly limits: Limits;
  /** The baselines that its measurements are held against. */
  readonly baselines: readonly Baseline[];
  /** The lines that its values are held against, so far as the baselines are known. */
  thresholds(baselines: Baselines): Threshold[];
  /**
   * Looks once, at nothing from before what the request is about. What was found and is bad is an
   * outcome, not an error.
   */
  measure(
    baselines: Baselines,
    signal: AbortSignal,
    request?: Pick<MonitorRequest, 'deployedAt'>,
  ): Promise<Measurement>;
  /** Looks once without judging, to see that it can be done; one sentence on what was found. */
  attempt(signal: AbortSignal): Promise<string>;
}

export interface Baseline {
  window: BaselineWindow;
  /** Its mean; null where it has no data. */
  ask(request: MonitorRequest, signal: AbortSignal): Promise<number | null>;
}

/** How a service is watched after a deploy. */
export interface Monitoring {
  /** How long, in milliseconds; 0 measures once. */
  soak: number;
  measures: readonly Measure[];
}
