import { z } from 'zod';
import { duration } from '../../process/duration.ts';
import type { AdapterDeps } from '../deps.ts';
import { permanent } from '../failures.ts';
import { assertOk, call, type HttpAnswer, type HttpCall, parseAnswer } from '../http.ts';
import { type Period, periodOf } from './baseline-period.ts';
import { httpUrl, measureFields, requestFields, valueFields } from './config.ts';
import { meanOf, samplesOf, successSchema } from './prometheus-samples.ts';
import type { Measure } from './types.ts';
import { assertOneSeries, createValueMeasure } from './values.ts';

const span = duration.refine((value) => value >= 1000, { error: 'must be at least 1s' });

export const prometheusConfigSchema = z
  .strictObject({
    adapter: z.literal('prometheus'),
    ...measureFields,
    ...valueFields,
    url: httpUrl.describe('Where Prometheus is, without /api/v1'),
    query: z.string().trim().min(1).describe('In PromQL'),
    range: z
      .strictObject({
        lookback: span.describe('How far back it reaches'),
        step: span.prefault('15s').describe('From one point to the next'),
      })
      .optional()
      .describe('A range query, of which every point counts; without it an instant query'),
    baselineWindow: span
      .prefault('1h')
      .describe('How long before the impact the baseline `before` begins'),
    ...requestFields,
  })
  .describe('Asks Prometheus, or what speaks its HTTP API');
export type PrometheusConfig = z.infer<typeof prometheusConfigSchema>;

const failureSchema = z.object({
  status: z.literal('error'),
  errorType: z.string(),
  error: z.string(),
});

/** So many points are enough for a mean. */
const pointsOfBaseline = 120;
const shortestStep = 1000;

export function createPrometheusMeasure(config: PrometheusConfig, deps: AdapterDeps): Measure {
  const headers = {
    ...config.headers,
    'content-type': 'application/x-www-form-urlencoded',
    ...(config.tokenEnv && { authorization: `Bearer ${deps.secret(config.tokenEnv)}` }),
  };

  async function ask(path: string, parameters: Record<string, string>, signal: AbortSignal) {
    const base = config.url.endsWith('/') ? config.url : `${config.url}/`;
    const { href: url } = new URL(`api/v1/${path}`, base);
    const body = new URLSearchParams({ query: config.query, ...parameters }).toString();
    const { timeout } = config;
    const outgoing: HttpCall = {
      ...{ whom: 'Prometheus', url, method: 'POST', headers, body, timeout, signal },
    };
    const answer = await call(outgoing);
    refuseErrors(answer, outgoing, config);
    return samplesOf(parseAnswer(answer, outgoing, successSchema).data);
  }

  const askRange = ({ from, to }: Period, step: number, signal: AbortSignal) =>
    ask('query_range', { start: seconds(from), end: seconds(to), step: seconds(step) }, signal);

  return createValueMeasure(config, {
    read(signal) {
      if (!config.range) return ask('query', {}, signal);
      const { lookback, step } = config.range;
      const to = deps.now().getTime();
      return askRange({ from: to - lookback, to }, step, signal);
    },
    async mean(window, request, signal) {
      const period = periodOf(window, request, config.baselineWindow);
      const length = period.to - period.from;
      if (length <= 0) return null;
      const step = Math.max(shortestStep, Math.ceil(length / pointsOfBaseline));
      const samples = await askRange(period, step, signal);
      assertOneSeries(samples);
      return meanOf(samples);
    },
  });
}

const seconds = (milliseconds: number) => String(milliseconds / 1000);

/** Prometheus says in its own words what it does not like about a query. */
function refuseErrors(answer: HttpAnswer, outgoing: HttpCall, config: PrometheusConfig): void {
  if (answer.status === 400 || answer.status === 422) {
    const { error, errorType } = parseAnswer(answer, outgoing, failureSchema);
    throw permanent(
      'Refused',
      `Prometheus does not run the query (${errorType}): ${error.slice(0, 500)}`,
    );
  }
  const { tokenEnv } = config;
  assertOk(answer, outgoing, tokenEnv ? `the token in ${tokenEnv}` : 'tokenEnv, which is not set');
}
