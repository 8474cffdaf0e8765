import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { Octokit } from '@octokit/rest';
import { z } from 'zod';
import { duration } from '../../../process/duration.ts';
import { describeIssues } from '../../../process/signals.ts';
import type { AdapterDeps } from '../../deps.ts';
import { permanent } from '../../failures.ts';
import { placeOf, quote } from '../../http.ts';
import { short } from '../pace.ts';
import { failureOf } from './failures.ts';

/** What every adapter that speaks GitHub's API is configured by. */
export const githubConfigShape = {
  repository: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, { error: 'must be the owner and the name, such as acme/shop' })
    .describe('The repository, as owner/name'),
  tokenEnv: z.string().min(1).describe('The environment variable with the token'),
  apiUrl: z
    .url({ protocol: /^https?$/, error: 'must be an http or https url' })
    .transform((url) => url.replace(/\/+$/, ''))
    .default('https://api.github.com')
    .describe('Of GitHub Enterprise (https://HOST/api/v3) or Gitea (https://HOST/api/v1)'),
  environment: z
    .string()
    .trim()
    .min(1)
    .optional()
    .describe('How the environment is called there, where it has another name'),
  interval: short.prefault('5s').describe('How often it is asked how far it is'),
  requestTimeout: short.prefault('30s').describe('For each request'),
  timeout: duration.prefault('15m').describe('For the whole step, from its start to its end'),
};
export type GitHubConfig = z.infer<z.ZodObject<typeof githubConfigShape>>;

/** What a request is about, for the message when it fails. */
export interface Purpose {
  /** What is done there: `create the deployment`. */
  to: string;
  /** The permission of the token that this needs: `Deployments: write`. */
  needs: string;
  /** What is not there when it answers 404: `the repository acme/shop`. */
  target: string;
}

/** The parameters that every request has. */
export type Common = {
  owner: string;
  repo: string;
  request: { signal: AbortSignal; retries?: number };
};

type Send = (rest: Octokit['rest'], common: Common) => Promise<{ status: number; data: unknown }>;

export interface GitHubClient {
  /** Reads: what fails for a moment is asked again. */
  read<S extends z.ZodType>(
    purpose: Purpose,
    answer: S,
    signal: AbortSignal,
    send: Send,
  ): Promise<z.infer<S>>;
  /** Changes something: sent once, since the answer may be lost after it was done. */
  write<S extends z.ZodType>(
    purpose: Purpose,
    answer: S,
    signal: AbortSignal,
    send: Send,
  ): Promise<z.infer<S>>;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const ClientWithPlugins = Octokit.plugin(retry, throttling);

/**
 * Octokit for one repository, with its failures told as ours. Reads are tried three times within a
 * moment. A rate limit is never waited for here: it goes to Temporal as `Busy`, with how long.
 */
export function createGitHubClient(config: GitHubConfig, deps: AdapterDeps): GitHubClient {
  const [owner = '', repo = ''] = config.repository.split('/');
  const { apiUrl, tokenEnv, requestTimeout } = config;
  const octokit = new ClientWithPlugins({
    auth: deps.secret(tokenEnv),
    baseUrl: apiUrl,
    userAgent: 'hotfix',
    log: silent,
    request: { fetch: fetchWithin(requestTimeout), redirect: 'manual' },
    retry: {
      retries: 2,
      retryAfterBaseValue: 250,
      doNotRetry: [400, 401, 403, 404, 408, 409, 410, 422, 429, 451, 503],
    },
    throttle: {
      // One queue for each credential: GitHub asks for a second between writes.
      id: `${apiUrl} ${tokenEnv}`,
      onRateLimit: () => false,
      onSecondaryRateLimit: () => false,
    },
  });

  async function ask<S extends z.ZodType>(
    purpose: Purpose,
    answer: S,
    signal: AbortSignal,
    request: Common['request'],
    send: Send,
  ): Promise<z.infer<S>> {
    const response = await send(octokit.rest, { owner, repo, request }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw failureOf(error, purpose, config);
    });
    if (response.status >= 300) throw moved(response.status, config);
    const parsed = answer.safeParse(response.data);
    if (parsed.success) return parsed.data;
    throw permanent(
      'BadAnswer',
      `The forge at ${placeOf(apiUrl)} gives an answer that cannot be understood, asked to ${purpose.to}: ${describeIssues(parsed.error)}; it says ${quote(JSON.stringify(response.data ?? ''))}`,
    );
  }

  return {
    read: (purpose, answer, signal, send) => ask(purpose, answer, signal, { signal }, send),
    write: (purpose, answer, signal, send) =>
      ask(purpose, answer, signal, { signal, retries: 0 }, send),
  };
}

const fetchWithin =
  (milliseconds: number): typeof fetch =>
  (input, init) => {
    const signals = [init?.signal, AbortSignal.timeout(milliseconds)].filter((one) => one != null);
    return fetch(input, { ...init, signal: AbortSignal.any(signals) });
  };

/** A credential is not carried to another place. */
const moved = (status: number, { repository, apiUrl }: GitHubConfig) =>
  permanent(
    'Refused',
    `The forge at ${placeOf(apiUrl)} says that ${repository} has moved (${status}): configure the repository's present name.`,
  );
