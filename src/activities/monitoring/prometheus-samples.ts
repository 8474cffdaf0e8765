import { z } from 'zod';
import type { Measurement } from '../../process/measurements.ts';
import { permanent } from '../failures.ts';

const operators = {
  below: { holds: (value: number, limit: number) => value < limit, text: 'below' },
  atMost: { holds: (value: number, limit: number) => value <= limit, text: 'at most' },
  above: { holds: (value: number, limit: number) => value > limit, text: 'above' },
  atLeast: { holds: (value: number, limit: number) => value >= limit, text: 'at least' },
} as const;
type Operator = keyof typeof operators;

export const thresholdSchema = z
  .strictObject({
    below: z.number().optional(),
    atMost: z.number().optional(),
    above: z.number().optional(),
    atLeast: z.number().optional(),
  })
  .refine((condition) => Object.values(condition).some((limit) => limit !== undefined), {
    error: 'must name at least one of below, atMost, above, atLeast',
  })
  .describe('What must hold for every value; where several are named, all of them');
export type Threshold = z.infer<typeof thresholdSchema>;

const point = z.tuple([z.number(), z.string()]);
const metric = z.record(z.string(), z.string());

/** A successful answer of the HTTP API, for the types a query can have. */
export const successSchema = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('scalar'), result: point }),
    z.object({ resultType: z.literal('string'), result: point }),
    z.object({
      resultType: z.literal('vector'),
      result: z.array(z.object({ metric, value: point })),
    }),
    z.object({
      resultType: z.literal('matrix'),
      result: z.array(z.object({ metric, values: z.array(point) })),
    }),
  ]),
});
type Data = z.infer<typeof successSchema>['data'];

export interface Sample {
  /** The labels of its series, as people write them; empty for a scalar. */
  series: string;
  value: number;
}

const mostSeries = 100;

/** All values of an answer. Throws where no threshold can be meant for what the query gives. */
export function samplesOf(data: Data): Sample[] {
  switch (data.resultType) {
    case 'scalar':
      return [{ series: '', value: numberOf(data.result) }];
    case 'string':
      throw permanent(
        'BadAnswer',
        'The query gives a text, which no threshold can be held to: ask for a number.',
      );
    case 'vector':
      refuseTooMany(data.result.length);
      return data.result.map((one) => ({
        series: seriesOf(one.metric),
        value: numberOf(one.value),
      }));
    case 'matrix':
      refuseTooMany(data.result.length);
      return data.result.flatMap(({ metric: labels, values }) =>
        values.map((value) => ({ series: seriesOf(labels), value: numberOf(value) })),
      );
  }
}

function refuseTooMany(count: number): void {
  if (count <= mostSeries) return;
  throw permanent(
    'BadAnswer',
    `The query gives ${count} series, more than ${mostSeries}: aggregate it, for example by sum() or max().`,
  );
}

/** No value, or only NaN (no requests, hence no error rate), is missing data and not a success. */
export function judgeSamples(samples: readonly Sample[], condition: Threshold): Measurement {
  const numbers = samples.filter(({ value }) => !Number.isNaN(value));
  const last = numbers.at(-1);
  if (!last) {
    const found = samples.length === 0 ? 'no data' : 'only NaN';
    return { outcome: 'inconclusive', summary: `The query gives ${found}.` };
  }
  const bad = numbers.find(({ value }) => !holds(value, condition));
  if (bad) return { outcome: 'failed', summary: `${show(bad)} is not ${spellOut(condition)}.` };
  return { outcome: 'passed', summary: `${show(last)} is ${spellOut(condition)}.` };
}

const named = (condition: Threshold): [Operator, number][] =>
  (Object.keys(operators) as Operator[]).flatMap((operator) => {
    const limit = condition[operator];
    return limit === undefined ? [] : [[operator, limit]];
  });

const holds = (value: number, condition: Threshold): boolean =>
  named(condition).every(([operator, limit]) => operators[operator].holds(value, limit));

const spellOut = (condition: Threshold): string =>
  named(condition)
    .map(([operator, limit]) => `${operators[operator].text} ${limit}`)
    .join(' and ');

const show = ({ series, value }: Sample): string => (series ? `${value} of ${series}` : `${value}`);

/** Prometheus writes numbers as text, the infinite ones with a sign. */
function numberOf([, text]: [number, string]): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return Number(text);
}

function seriesOf({ __name__: name = '', ...labels }: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const series = pairs.length > 0 ? `${name}{${pairs.join(',')}}` : name;
  return series.length > 200 ? `${series.slice(0, 199)}…` : series;
}
