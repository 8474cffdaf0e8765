import { z } from 'zod';
import type { MeasurementOutcome, Threshold } from './outcomes.ts';

/**
 * What a baseline is taken from: the time before the impact began, or the time in which the service
 * was broken.
 */
export const baselineWindows = ['before', 'during'] as const;
export type BaselineWindow = (typeof baselineWindows)[number];

/** The mean of each baseline; null where it was asked for and has no data, absent before that. */
export type Baselines = Partial<Record<BaselineWindow, number | null>>;

const bound = z.union([
  z.number(),
  z.strictObject({
    of: z.enum(baselineWindows).describe('The same query before the impact, or during it'),
    factor: z.number().positive().default(1).describe('So many times its mean'),
  }),
]);
type Bound = z.infer<typeof bound>;

const operators = {
  below: { holds: (value: number, limit: number) => value < limit, text: 'below' },
  atMost: { holds: (value: number, limit: number) => value <= limit, text: 'at most' },
  above: { holds: (value: number, limit: number) => value > limit, text: 'above' },
  atLeast: { holds: (value: number, limit: number) => value >= limit, text: 'at least' },
} as const;
type Operator = keyof typeof operators;

/** A threshold, or a range where a lower and an upper bound are named: all of them must hold. */
export const conditionSchema = z
  .strictObject({
    below: bound.optional(),
    atMost: bound.optional(),
    above: bound.optional(),
    atLeast: bound.optional(),
  })
  .refine((condition) => Object.values(condition).some((limit) => limit !== undefined), {
    error: 'must name at least one of below, atMost, above, atLeast',
  });
export type Condition = z.infer<typeof conditionSchema>;

export interface Conditions {
  success?: Condition | undefined;
  failure?: Condition | undefined;
}

/** The bounds of a condition that are there. */
export const boundsOf = (condition: Condition): [Operator, Bound][] =>
  (Object.keys(operators) as Operator[]).flatMap((operator) => {
    const limit = condition[operator];
    return limit === undefined ? [] : [[operator, limit]];
  });

/** The baselines that must be known before the conditions can be decided. */
export const baselinesIn = ({ success, failure }: Conditions): BaselineWindow[] => {
  const bounds = [success, failure].flatMap((condition) => (condition ? boundsOf(condition) : []));
  return baselineWindows.filter((window) =>
    bounds.some(([, limit]) => typeof limit !== 'number' && limit.of === window),
  );
};

/**
 * What one value means, as Argo Rollouts has it (`EvaluateResult` of utils/evaluate/evaluate.go): a
 * failure condition that holds fails, also where the success condition holds; of two conditions
 * where neither holds the value is inconclusive; one alone decides both ways. Without any, nothing
 * is known. A bound whose baseline has no data neither holds nor fails to.
 */
export function judgeValue(
  value: number,
  { success, failure }: Conditions,
  baselines: Baselines,
): MeasurementOutcome {
  const succeeds = success && holds(value, success, baselines);
  const fails = failure && holds(value, failure, baselines);
  if (fails) return 'failed';
  if (failure && fails === undefined) return 'inconclusive';
  if (!success) return failure ? 'passed' : 'inconclusive';
  if (succeeds) return 'passed';
  return failure || succeeds === undefined ? 'inconclusive' : 'failed';
}

/** Undefined where it depends on a baseline that is not known. */
function holds(value: number, condition: Condition, baselines: Baselines): boolean | undefined {
  const found = boundsOf(condition).map(([operator, limit]) => {
    const number = numberOf(limit, baselines);
    return number === undefined ? undefined : operators[operator].holds(value, number);
  });
  if (found.includes(false)) return false;
  return found.includes(undefined) ? undefined : true;
}

function numberOf(limit: Bound, baselines: Baselines): number | undefined {
  if (typeof limit === 'number') return limit;
  const mean = baselines[limit.of];
  return mean === undefined || mean === null ? undefined : mean * limit.factor;
}

/**
 * How far a value is on the wrong side of the bounds, to compare values with each other: negative
 * where it is on the right side of them all.
 */
export function badnessOf(
  value: number,
  { success, failure }: Conditions,
  baselines: Baselines,
): number {
  const beyond = [success, failure].flatMap((condition) =>
    boundsOf(condition ?? {}).flatMap(([operator, bound]) => {
      const limit = numberOf(bound, baselines);
      if (limit === undefined) return [];
      const isUpper = operator === 'below' || operator === 'atMost';
      // What success wants is what failure does not.
      return isUpper === (condition === success) ? [value - limit] : [limit - value];
    }),
  );
  return Math.max(...beyond);
}

const nameOf: Record<BaselineWindow, string> = {
  before: 'the baseline before the impact',
  during: 'the baseline during the impact',
};

/** A condition as people read it: `at least 1 and below 1.5 times the baseline before the impact (0.2)`. */
export const spellCondition = (condition: Condition, baselines: Baselines): string =>
  boundsOf(condition)
    .map(([operator, limit]) => `${operators[operator].text} ${spellBound(limit, baselines)}`)
    .join(' and ');

function spellBound(limit: Bound, baselines: Baselines): string {
  if (typeof limit === 'number') return String(limit);
  const times = limit.factor === 1 ? '' : `${limit.factor} times `;
  const mean = baselines[limit.of];
  const known = typeof mean === 'number' ? ` (${round(mean)})` : '';
  return `${times}${nameOf[limit.of]}${known}`;
}

/** The baseline that leaves the conditions undecided, for people; undefined where none does. */
export function missingBaseline(conditions: Conditions, baselines: Baselines): string | undefined {
  const missing = baselinesIn(conditions).find((window) => typeof baselines[window] !== 'number');
  return missing && nameOf[missing];
}

/** Every line that values are held against, so far as it is a number by now. */
export function thresholdsOf(conditions: Conditions, baselines: Baselines): Threshold[] {
  const lines = (['success', 'failure'] as const).flatMap((kind) =>
    boundsOf(conditions[kind] ?? {}).flatMap(([operator, limit]): Threshold[] => {
      const value = numberOf(limit, baselines);
      const verb = kind === 'success' ? 'succeeds' : 'fails';
      const label = `${verb} ${operators[operator].text} ${spellBound(limit, {})}`;
      return value === undefined ? [] : [{ label, value, kind }];
    }),
  );
  const means = baselinesIn(conditions).flatMap((window): Threshold[] => {
    const value = baselines[window];
    const label = nameOf[window].replace('the ', '');
    return typeof value === 'number' ? [{ label, value, kind: 'baseline' }] : [];
  });
  return [...lines, ...means];
}

/** Four digits are enough for a sentence. */
const round = (value: number): number => Number(value.toPrecision(4));
