import {
  type BaselineWindow,
  baselinesIn,
  type Condition,
  thresholdsOf,
} from '../../process/conditions.ts';
import { judgeSamples, type NoDataMeaning, type Sample, show } from '../../process/samples.ts';
import { permanent } from '../failures.ts';
import type { MonitorRequest } from '../types.ts';
import type { Measure } from './types.ts';

/** The configuration of every measure, without what its adapter adds. */
export interface MeasureConfig {
  name: string;
  adapter: string;
  interval: number;
  initialDelay: number;
  count?: number | undefined;
  duration?: number | undefined;
  failureLimit: number;
  inconclusiveLimit: number;
  consecutiveErrorLimit: number;
}

export interface ValueConfig extends MeasureConfig {
  success?: Condition | undefined;
  failure?: Condition | undefined;
  noData: NoDataMeaning;
}

/** What one look found. */
export interface Reading {
  samples: Sample[];
  /** What the source says against its own answer, as a sentence. */
  warning?: string | undefined;
  /** Whether the values cannot be relied on for that. */
  isDoubtful?: boolean;
}

/** Where values come from. Both functions throw an ApplicationFailure. */
export interface Source {
  /** The values that are there now; of a range none from before `since`. */
  read(signal: AbortSignal, since?: string): Promise<Reading>;
  /** The mean over a baseline's time; null where it has no data. */
  mean?(
    window: BaselineWindow,
    request: MonitorRequest,
    signal: AbortSignal,
  ): Promise<number | null>;
  /** What to do where there are no values though the configuration does not say what that means. */
  ifEmpty?: string;
}

/** What all measures share. */
export const planOf = (config: MeasureConfig) => {
  const { name, adapter, interval, initialDelay, duration } = config;
  const { count, failureLimit, inconclusiveLimit, consecutiveErrorLimit } = config;
  const limits = { count, failureLimit, inconclusiveLimit, consecutiveErrorLimit };
  return { name, adapter, interval, initialDelay, duration, limits };
};

/** A measure whose values are held to the conditions of its configuration. */
export function createValueMeasure(config: ValueConfig, source: Source): Measure {
  const windows = baselinesIn(config);
  return {
    ...planOf(config),
    baselines: windows.map((window) => ({
      window,
      ask: async (request, signal) => (await source.mean?.(window, request, signal)) ?? null,
    })),
    thresholds: (baselines) => thresholdsOf(config, baselines),
    async measure(baselines, signal, request) {
      const { samples, warning, isDoubtful } = await source.read(signal, request?.deployedAt);
      const found = judgeSamples(samples, config, baselines);
      if (warning === undefined) return found;
      const outcome = isDoubtful ? 'inconclusive' : found.outcome;
      return { ...found, outcome, summary: `${found.summary} ${warning}` };
    },
    async attempt(signal) {
      const { samples } = await source.read(signal);
      if (windows.length > 0) assertOneSeries(samples);
      if (samples.length > 0) return describe(samples);
      if (source.ifEmpty === undefined || config.noData !== 'inconclusive') {
        return 'It answers, and has no data now.';
      }
      throw permanent('BadAnswer', source.ifEmpty);
    },
  };
}

/** A baseline is one number, so that what is held against it is one series. */
export function assertOneSeries(samples: readonly Sample[]): void {
  const { size } = new Set(samples.map(({ series }) => series));
  if (size <= 1) return;
  throw permanent(
    'BadAnswer',
    `The query gives ${size} series, and a baseline is of one: aggregate it, for example by sum() or max().`,
  );
}

function describe(samples: readonly Sample[]): string {
  const [first, ...others] = samples;
  const shown = first ? show(first) : 'nothing';
  return others.length === 0
    ? `It gives ${shown}.`
    : `It gives ${samples.length} values, first ${shown}.`;
}
