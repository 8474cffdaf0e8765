import { z } from 'zod';
import { cut } from '../../process/cut.ts';
import type { Sample } from '../../process/samples.ts';
import { permanent } from '../failures.ts';
import { quote } from '../http.ts';

const point = z.tuple([z.number(), z.string()]);
/** Native histograms, which no threshold can be held to. */
const histogram = z.array(z.unknown()).optional();
const metric = z.record(z.string(), z.string());

/** A successful answer of the HTTP API, for the types a query can have. */
export const successSchema = z.object({
  status: z.literal('success'),
  warnings: z.array(z.string()).optional(),
  /** VictoriaMetrics says so where a part of its storage did not answer. */
  isPartial: z.boolean().optional(),
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('scalar'), result: point }),
    z.object({ resultType: z.literal('string'), result: point }),
    z.object({ resultType: z.literal('streams') }),
    z.object({
      resultType: z.literal('vector'),
      result: z.array(z.object({ metric, value: point.optional(), histogram })),
    }),
    z.object({
      resultType: z.literal('matrix'),
      result: z.array(
        z.object({ metric, values: z.array(point).default([]), histograms: histogram }),
      ),
    }),
  ]),
});
type Data = z.infer<typeof successSchema>['data'];

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
      return data.result.map(({ metric: labels, value }) => {
        if (value === undefined) throw isHistogram(labels);
        return { series: seriesOf(labels), value: numberOf(value) };
      });
    case 'matrix':
      refuseTooMany(data.result.length);
      return data.result.flatMap(({ metric: labels, values, histograms = [] }) => {
        if (histograms.length > 0) throw isHistogram(labels);
        return values.map((value) => ({ series: seriesOf(labels), value: numberOf(value) }));
      });
    case 'streams':
      throw permanent(
        'BadAnswer',
        'The query gives lines of a log: ask for a number, for example by sum(count_over_time(…)).',
      );
  }
}

const isHistogram = (labels: Record<string, string>) =>
  permanent(
    'BadAnswer',
    `The query gives a native histogram of ${seriesOf(labels) || 'the only series'}: take a number of it, for example by histogram_quantile(0.99, …) or histogram_count(…).`,
  );

function refuseTooMany(count: number): void {
  if (count <= mostSeries) return;
  throw permanent(
    'BadAnswer',
    `The query gives ${count} series, more than ${mostSeries}: aggregate it, for example by sum() or max().`,
  );
}

/** The mean of all finite values; null where there is none. */
export function meanOf(samples: readonly Sample[]): number | null {
  const values = samples.map(({ value }) => value).filter(Number.isFinite);
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value / values.length, 0);
}

/** Prometheus writes numbers as text, the infinite ones with a sign. */
function numberOf([, text]: [number, string]): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isNaN(value) || text === 'NaN') return value;
  throw permanent('BadAnswer', `The query gives ${quote(text)}, which is no number.`);
}

function seriesOf({ __name__: name = '', ...labels }: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const series = pairs.length > 0 ? `${name}{${pairs.join(',')}}` : name;
  return cut(series, 200);
}
