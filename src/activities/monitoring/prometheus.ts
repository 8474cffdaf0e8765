import { z } from 'zod';
import { duration } from '../../process/duration.ts';
import type { AdapterDeps } from '../deps.ts';
import { permanent } from '../failures.ts';
import { assertOk, call, type HttpAnswer, type HttpCall, parseAnswer } from '../http.ts';
import { httpUrl, measureFields } from './config.ts';
import { judgeSamples, samplesOf, successSchema, thresholdSchema } from './prometheus-samples.ts';
import type { Measure } from './types.ts';

const span = duration.refine((value) => value >= 1000, { error: 'must be at least 1s' });

export const prometheusConfigSchema = z
  .strictObject({
    adapter: z.literal('prometheus'),
    ...measureFields,
    url: httpUrl.describe('Where Prometheus is, without /api/v1'),
    query: z.string().trim().min(1).describe('In PromQL'),
    range: z
      .strictObject({
        lookback: span.describe('How far back it reaches'),
        step: span.prefault('15s').describe('From one point to the next'),
      })
      .optional()
      .describe('A range query, of which every point counts; without it an instant query'),
    condition: thresholdSchema,
    tokenEnv: z
      .string()
      .min(1)
      .optional()
      .describe('The environment variable with the bearer token'),
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe('More headers, such as X-Scope-OrgID; no secrets here'),
  })
  .describe('Asks Prometheus, or what speaks its HTTP API');
export type PrometheusConfig = z.infer<typeof prometheusConfigSchema>;

const failureSchema = z.object({
  status: z.literal('error'),
  errorType: z.string(),
  error: z.string(),
});

export function createPrometheusMeasure(config: PrometheusConfig, deps: AdapterDeps): Measure {
  const { name, adapter, interval, failureLimit, condition } = config;
  const headers = {
    ...config.headers,
    'content-type': 'application/x-www-form-urlencoded',
    ...(config.tokenEnv && { authorization: `Bearer ${deps.secret(config.tokenEnv)}` }),
  };

  function requestFor(signal: AbortSignal): HttpCall {
    const base = config.url.endsWith('/') ? config.url : `${config.url}/`;
    const url = new URL(config.range ? 'api/v1/query_range' : 'api/v1/query', base).href;
    const body = new URLSearchParams({ query: config.query, ...rangeOf() }).toString();
    const { timeout } = config;
    return { whom: 'Prometheus', url, method: 'POST', headers, body, timeout, signal };
  }

  function rangeOf(): Record<string, string> {
    if (!config.range) return {};
    const { lookback, step } = config.range;
    const end = deps.now().getTime();
    const seconds = (milliseconds: number) => String(milliseconds / 1000);
    return { start: seconds(end - lookback), end: seconds(end), step: seconds(step) };
  }

  return {
    name,
    adapter,
    interval,
    failureLimit,
    async measure(_request, signal) {
      const outgoing = requestFor(signal);
      const answer = await call(outgoing);
      refuseErrors(answer, outgoing, config);
      const { data } = parseAnswer(answer, outgoing, successSchema);
      return judgeSamples(samplesOf(data), condition);
    },
  };
}

/** Prometheus says in its own words what it does not like about a query. */
function refuseErrors(answer: HttpAnswer, outgoing: HttpCall, config: PrometheusConfig): void {
  if (answer.status === 400 || answer.status === 422) {
    const { error, errorType } = parseAnswer(answer, outgoing, failureSchema);
    throw permanent(
      'Refused',
      `Prometheus does not run the query (${errorType}): ${error.slice(0, 500)}`,
    );
  }
  assertOk(
    answer,
    outgoing,
    config.tokenEnv ? `the token in ${config.tokenEnv}` : 'tokenEnv, which is not set',
  );
}
