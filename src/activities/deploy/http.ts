import { z } from 'zod';
import { duration } from '../../process/duration.ts';
import type { AdapterDeps } from '../deps.ts';
import {
  assertOk,
  badAnswer,
  call,
  type HttpAnswer,
  type HttpCall,
  parseAnswer,
  placeOf,
} from '../http.ts';
import { createSigner } from '../webhook.ts';
import { short } from './pace.ts';
import { endOf } from './run-directory.ts';
import type { DeployAdapter, DeployRequest, Finished, Following, Run } from './types.ts';
import { type Look, untilFinished } from './until-finished.ts';

export const httpDeployConfigSchema = z
  .strictObject({
    adapter: z.literal('http'),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https url' })
      .describe('Receives a signed POST for each step'),
    secretEnv: z
      .string()
      .min(1)
      .describe('The environment variable with the Standard Webhooks secret of the signature'),
    interval: short.prefault('5s').describe('How often the status url is asked'),
    requestTimeout: short.prefault('30s').describe('For each request'),
    timeout: duration.prefault('15m').describe('For the whole step, from its start to its end'),
  })
  .describe('Asks a deploy system by a signed webhook, then by its status url');
export type HttpDeployConfig = z.infer<typeof httpDeployConfigSchema>;

const longestOutput = 8 * 1024;

const answerSchema = z.object({
  status: z.enum(['pending', 'running', 'succeeded', 'failed']),
  statusUrl: z.string().optional(),
  url: z.url({ protocol: /^https?$/ }).optional(),
  summary: z.string().max(2_000).optional(),
  output: z.string().optional(),
});
type Answer = z.infer<typeof answerSchema>;

/**
 * Asks a deploy system to do it. The POST carries the step's idempotency key as `Idempotency-Key`
 * and as `webhook-id`; where an answer is lost the same POST is sent again, so the receiver must
 * not begin a second run for a key it has seen. The status requests are signed in the same way,
 * over an empty body. There is no preflight: a receiver is asked for nothing but deploys, and a
 * status url is known only once one has begun.
 */
export function createHttpDeploy(config: HttpDeployConfig, deps: AdapterDeps): DeployAdapter {
  const sign = createSigner(config.secretEnv, deps);
  const whom = 'The deploy system';

  function post(request: DeployRequest, signal: AbortSignal): HttpCall {
    const { action, incidentId, service, environment, ref, attempt, idempotencyKey } = request;
    const content = { action, incidentId, service, environment, ref, attempt, idempotencyKey };
    const body = JSON.stringify(content);
    const headers = {
      'content-type': 'application/json',
      'idempotency-key': idempotencyKey,
      ...sign(idempotencyKey, body),
    };
    const { url, requestTimeout: timeout } = config;
    return { whom, url, method: 'POST', headers, body, timeout, signal };
  }

  async function start(request: DeployRequest, signal: AbortSignal): Promise<Run> {
    const startedAt = deps.now().toISOString();
    const outgoing = post(request, signal);
    const response = await send(outgoing);
    const answer = readStart(response, outgoing);
    const run = { id: request.idempotencyKey, startedAt, url: answer.url };
    const finished = finishedBy(answer, request);
    if (finished) return { ...run, finished };
    return { ...run, memory: { statusUrl: statusUrlOf(response, answer, outgoing) } };
  }

  async function send(outgoing: HttpCall): Promise<HttpAnswer> {
    const response = await call(outgoing);
    assertOk(response, outgoing, `the secret in ${config.secretEnv}`);
    return response;
  }

  /** Where to ask for the status: of the same origin, so that an answer cannot point inwards. */
  function statusUrlOf(response: HttpAnswer, answer: Answer, outgoing: HttpCall): string {
    const told = answer.statusUrl ?? response.headers.get('location');
    if (!told) {
      throw badAnswer(
        outgoing,
        `it says ${answer.status}, but neither statusUrl nor Location says where to ask for the end.`,
      );
    }
    const statusUrl = URL.canParse(told, config.url) ? new URL(told, config.url) : undefined;
    if (statusUrl?.origin === new URL(config.url).origin) return statusUrl.href;
    throw badAnswer(
      outgoing,
      `its status url ${placeOf(told)} is not of the same origin and is not asked. What was asked for may have begun: see there how it ends.`,
    );
  }

  async function follow(run: Run, request: DeployRequest, following: Following): Promise<Finished> {
    const place = run.url ?? config.url;
    const look = (signal: AbortSignal) => ask(run, request, signal);
    const { interval, timeout } = config;
    const stop = () => ({
      isOver: false,
      said: `the deploy system has no way to be told to stop the ${request.action} of ${request.ref}.`,
    });
    const polling = { request, look, whom, place, interval, timeout, stop };
    return untilFinished(polling, following, deps);
  }

  /** One status request. */
  async function ask(run: Run, request: DeployRequest, signal: AbortSignal): Promise<Look> {
    const url = run.memory?.statusUrl ?? config.url;
    const headers = sign(run.id, '');
    const { requestTimeout: timeout } = config;
    const outgoing: HttpCall = { whom, url, method: 'GET', headers, timeout, signal };
    const answer = parseAnswer(await send(outgoing), outgoing, answerSchema);
    return { finished: finishedBy(answer, request), progress: answer.summary ?? answer.status };
  }

  function finishedBy(answer: Answer, request: DeployRequest): Finished | undefined {
    const { status: outcome, summary, output = '', url } = answer;
    if (outcome !== 'succeeded' && outcome !== 'failed') return undefined;
    return {
      outcome,
      summary:
        summary ??
        `The deploy system says that the ${request.action} of ${request.ref} ${outcome}.`,
      output: endOf(output, longestOutput),
      url,
      finishedAt: deps.now().toISOString(),
    };
  }

  return { name: 'http', start, follow };
}

/** A bare 202 with a Location says the same as `running`. */
function readStart(response: HttpAnswer, outgoing: HttpCall): Answer {
  const bare = response.text.trim() === '' && response.headers.has('location');
  if (response.status === 202 && bare) return { status: 'running' };
  return parseAnswer(response, outgoing, answerSchema);
}
