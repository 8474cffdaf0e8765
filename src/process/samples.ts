import {
  type Baselines,
  badnessOf,
  type Conditions,
  judgeValue,
  missingBaseline,
  spellCondition,
} from './conditions.ts';
import type { MeasurementOutcome } from './outcomes.ts';
import { worstOf } from './tally.ts';

/** One value that a measurement found. */
export interface Sample {
  /** Of what it is the value, as people write it; empty where there is only one. */
  series: string;
  /** NaN where there is none, such as a rate without requests. */
  value: number;
}

/** One look at one measure. */
export interface Measurement {
  outcome: MeasurementOutcome;
  /** What was found; null where that is no finite number. */
  value: number | null;
  /** One sentence for people, with the value that was found. */
  summary: string;
}

/** What it means that there is no data. */
export const noDataMeanings = ['inconclusive', 'success', 'failure'] as const;
export type NoDataMeaning = (typeof noDataMeanings)[number];

export interface Judgement extends Conditions {
  noData: NoDataMeaning;
}

const outcomeOf: Record<NoDataMeaning, MeasurementOutcome> = {
  inconclusive: 'inconclusive',
  success: 'passed',
  failure: 'failed',
};

/**
 * What one look found: the worst of all its values, so that one bad series is seen among good ones,
 * and one without a value is not hidden by others.
 */
export function judgeSamples(
  samples: readonly Sample[],
  judgement: Judgement,
  baselines: Baselines,
): Measurement {
  const { noData } = judgement;
  if (samples.length === 0) {
    return { outcome: outcomeOf[noData], value: null, summary: noDataSummary('', noData) };
  }
  const judged = samples.map((sample) => {
    const hasValue = !Number.isNaN(sample.value);
    const outcome = hasValue ? judgeValue(sample.value, judgement, baselines) : outcomeOf[noData];
    return { sample, hasValue, outcome };
  });
  const outcome = worstOf(judged.map((one) => one.outcome));
  const ofOutcome = judged.filter((one) => one.outcome === outcome);
  const shown = worstValue(ofOutcome, judgement, baselines) ?? ofOutcome.at(-1);
  const { series, value } = shown?.sample ?? { series: '', value: Number.NaN };
  if (!shown?.hasValue) return { outcome, value: null, summary: noDataSummary(series, noData) };
  return {
    outcome,
    value: Number.isFinite(value) ? value : null,
    summary: summaryOf(outcome, show({ series, value }), judgement, baselines),
  };
}

/** The value that is farthest on the wrong side of the conditions; of equal ones the newest. */
function worstValue<T extends { sample: Sample; hasValue: boolean }>(
  judged: readonly T[],
  judgement: Judgement,
  baselines: Baselines,
): T | undefined {
  const valued = judged.filter(({ hasValue }) => hasValue);
  const badness = (one: T) => badnessOf(one.sample.value, judgement, baselines);
  return valued.reduce<T | undefined>(
    (worst, one) => (worst && badness(worst) > badness(one) ? worst : one),
    undefined,
  );
}

function noDataSummary(series: string, noData: NoDataMeaning): string {
  const found = series === '' ? 'There is no data' : `There is no data of ${series}`;
  return noData === 'inconclusive' ? `${found}.` : `${found}, which counts as ${noData}.`;
}

/** A value and its series, for people. */
export const show = ({ series, value }: Sample): string =>
  series ? `${value} of ${series}` : `${value}`;

function summaryOf(
  outcome: MeasurementOutcome,
  shown: string,
  judgement: Judgement,
  baselines: Baselines,
): string {
  const success = judgement.success && spellCondition(judgement.success, baselines);
  const failure = judgement.failure && spellCondition(judgement.failure, baselines);
  if (outcome === 'failed') {
    return failure === undefined ? `${shown} is not ${success}.` : `${shown} is ${failure}.`;
  }
  if (outcome === 'passed') {
    return success === undefined ? `${shown} is not ${failure}.` : `${shown} is ${success}.`;
  }
  const missing = missingBaseline(judgement, baselines);
  return missing === undefined
    ? `${shown} is neither ${success} nor ${failure}.`
    : `${shown} cannot be judged: there is no data for ${missing}.`;
}
