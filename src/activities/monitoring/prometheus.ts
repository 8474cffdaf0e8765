import { z } from 'zod';
import { duration } from '../../process/duration.ts';
import type { AdapterDeps } from '../deps.ts';
import { permanent, transient } from '../failures.ts';
import { assertOk, call, type HttpAnswer, type HttpCall, parseAnswer, quote } from '../http.ts';
import { type Period, periodOf } from './baseline-period.ts';
import { httpUrl, measureFields, requestFields, valueFields } from './config.ts';
import { meanOf, samplesOf, successSchema } from './prometheus-samples.ts';
import { windowOf } from './promql-window.ts';
import type { Measure } from './types.ts';
import { assertOneSeries, createValueMeasure, type Reading } from './values.ts';

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
    onWarning: z
      .enum(['show', 'inconclusive'])
      .default('show')
      .describe('What a warning or a partial answer means: it is shown, or nothing is known'),
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

  let takesPost = true;

  async function ask(
    path: string,
    parameters: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Reading> {
    const url = new URL(config.url);
    url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v1/${path}`;
    const asked = new URLSearchParams({ query: config.query, ...parameters });
    const outgoing = outgoingOf(url, asked, signal);
    const answer = await call(outgoing);
    if (outgoing.method === 'POST' && withoutPost.includes(answer.status)) {
      takesPost = false;
      return await ask(path, parameters, signal);
    }
    refuseErrors(answer, outgoing, config);
    return readingOf(parseAnswer(answer, outgoing, successSchema), config);
  }

  function outgoingOf(url: URL, asked: URLSearchParams, signal: AbortSignal): HttpCall {
    const shared = { whom: 'Prometheus', headers, timeout: config.timeout, signal };
    if (takesPost) return { ...shared, url: url.href, method: 'POST', body: asked.toString() };
    for (const [name, value] of asked) url.searchParams.set(name, value);
    return { ...shared, url: url.href, method: 'GET' };
  }

  const askRange = ({ from, to }: Period, step: number, signal: AbortSignal) =>
    ask('query_range', { start: seconds(from), end: seconds(to), step: seconds(step) }, signal);

  return createValueMeasure(config, {
    read(signal, since) {
      if (!config.range) return ask('query', {}, signal);
      const { lookback, step } = config.range;
      const to = deps.now().getTime();
      const begin = since === undefined ? 0 : Date.parse(since) + windowOf(config.query);
      return askRange({ from: Math.min(to, Math.max(to - lookback, begin)), to }, step, signal);
    },
    async mean(window, request, signal) {
      const period = periodOf(window, request, config.baselineWindow);
      const length = period.to - period.from;
      if (length <= 0) return null;
      const step = Math.max(shortestStep, Math.ceil(length / pointsOfBaseline));
      const { samples, warning, isDoubtful } = await askRange(period, step, signal);
      if (isDoubtful) throw transient('BadAnswer', `The baseline is not complete: ${warning}`);
      assertOneSeries(samples);
      return meanOf(samples);
    },
  });
}

/** What a gateway answers that lets only GET through. */
const withoutPost = [405, 501];

function readingOf(
  { data, warnings = [], isPartial = false }: z.infer<typeof successSchema>,
  config: PrometheusConfig,
): Reading {
  const samples = samplesOf(data);
  const told = [...(isPartial ? ['the answer is partial'] : []), ...warnings];
  if (told.length === 0) return { samples };
  const warning = `Prometheus warns: ${quote(told.join('; '))}.`;
  return { samples, warning, isDoubtful: config.onWarning === 'inconclusive' };
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
