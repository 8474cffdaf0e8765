import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { duration } from '../../process/duration.ts';
import type { Measurement } from '../../process/samples.ts';
import { codeOfFailure, messageOf } from '../failures.ts';
import { call, type HttpAnswer, quote } from '../http.ts';
import { httpUrl, measureFields } from './config.ts';
import type { Measure } from './types.ts';
import { planOf } from './values.ts';

const status = z.int().min(100).max(599);

export const httpProbeConfigSchema = z
  .strictObject({
    adapter: z.literal('http'),
    ...measureFields,
    url: httpUrl.describe('Asked by GET; a redirect is an answer, not followed'),
    status: z
      .union([status, z.array(status).min(1)])
      .default(200)
      .describe('The expected status, or several that are well'),
    bodyContains: z.string().min(1).optional().describe('What the body must contain'),
    maxLatency: duration.optional().describe('Until the last byte of the answer'),
  })
  .describe('Asks the service itself');
export type HttpProbeConfig = z.infer<typeof httpProbeConfigSchema>;

/**
 * Its value is the latency in milliseconds. A service that does not answer is found to be down:
 * `failed`. A certificate, a name or an address that cannot be used may be at fault on this side: an
 * error of the measurement.
 */
export function createHttpProbe(config: HttpProbeConfig): Measure {
  const { url, timeout, maxLatency } = config;
  const ask = (signal: AbortSignal) =>
    call({ whom: 'The service', url, method: 'GET', timeout, signal });
  return {
    ...planOf(config),
    baselines: [],
    thresholds: () =>
      maxLatency === undefined
        ? []
        : [{ label: `fails above ${maxLatency} ms`, value: maxLatency, kind: 'failure' }],
    async measure(_baselines, signal) {
      try {
        return judge(config, await ask(signal));
      } catch (error) {
        signal.throwIfAborted();
        const outcome = isDown(error) ? 'failed' : 'error';
        return { outcome, value: null, summary: messageOf(error) };
      }
    },
    attempt: async (signal) => answered(await ask(signal)),
  };
}

/** How a connection ends where the service is down; anything else can be a fault on this side. */
const signsOfDown = ['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT'];

const isDown = (error: unknown): boolean =>
  error instanceof ApplicationFailure &&
  (error.type === 'TimedOut' || signsOfDown.includes(codeOfFailure(error) ?? ''));

const answered = ({ status, milliseconds }: HttpAnswer) =>
  `It answers ${status} in ${milliseconds} ms.`;

function judge(config: HttpProbeConfig, answer: HttpAnswer): Measurement {
  const problem = problemOf(config, answer);
  const value = answer.milliseconds;
  return problem === undefined
    ? { outcome: 'passed', value, summary: answered(answer) }
    : { outcome: 'failed', value, summary: problem };
}

function problemOf(config: HttpProbeConfig, answer: HttpAnswer): string | undefined {
  const { bodyContains, maxLatency } = config;
  const expected = [config.status].flat();
  if (!expected.includes(answer.status)) {
    return `It answers ${answer.status} instead of ${expected.join(' or ')}: ${quote(answer.text)}`;
  }
  if (bodyContains !== undefined && !answer.text.includes(bodyContains)) {
    return `The body does not contain ${quote(bodyContains)}: ${quote(answer.text)}`;
  }
  if (maxLatency !== undefined && answer.milliseconds > maxLatency) {
    return `It answers in ${answer.milliseconds} ms, more than ${maxLatency} ms.`;
  }
  return undefined;
}
