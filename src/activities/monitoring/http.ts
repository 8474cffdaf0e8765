import { z } from 'zod';
import { duration } from '../../process/duration.ts';
import type { Measurement } from '../../process/measurements.ts';
import { messageOf } from '../failures.ts';
import { call, type HttpAnswer, quote } from '../http.ts';
import { httpUrl, measureFields } from './config.ts';
import type { Measure } from './types.ts';

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

/** A service that does not answer is found to be down: `failed`, not an error of the measurement. */
export function createHttpProbe(config: HttpProbeConfig): Measure {
  const { name, adapter, interval, failureLimit, url, timeout } = config;
  return {
    name,
    adapter,
    interval,
    failureLimit,
    async measure(_request, signal) {
      try {
        const whom = 'The service';
        return judge(config, await call({ whom, url, method: 'GET', timeout, signal }));
      } catch (error) {
        signal.throwIfAborted();
        return { outcome: 'failed', summary: messageOf(error) };
      }
    },
  };
}

function judge(config: HttpProbeConfig, answer: HttpAnswer): Measurement {
  const problem = problemOf(config, answer);
  return problem === undefined
    ? { outcome: 'passed', summary: `Answered ${answer.status} in ${answer.milliseconds} ms.` }
    : { outcome: 'failed', summary: problem };
}

function problemOf(config: HttpProbeConfig, answer: HttpAnswer): string | undefined {
  const { bodyContains, maxLatency } = config;
  const expected = [config.status].flat();
  if (!expected.includes(answer.status)) {
    return `Answered ${answer.status} instead of ${expected.join(' or ')}: ${quote(answer.text)}`;
  }
  if (bodyContains !== undefined && !answer.text.includes(bodyContains)) {
    return `The body does not contain ${quote(bodyContains)}: ${quote(answer.text)}`;
  }
  if (maxLatency !== undefined && answer.milliseconds > maxLatency) {
    return `Answered in ${answer.milliseconds} ms, more than ${maxLatency} ms.`;
  }
  return undefined;
}
