import type { ApplicationFailure } from '@temporalio/common';
import { messageOf, permanent, transient } from '../../failures.ts';
import { placeOf, quote, retryAfter } from '../../http.ts';
import type { GitHubConfig, Purpose } from './client.ts';

/** What a request's error is to the process, with what to do about it. */
export function failureOf(
  error: unknown,
  purpose: Purpose,
  config: GitHubConfig,
): ApplicationFailure {
  const { apiUrl, tokenEnv, requestTimeout } = config;
  const forge = `The forge at ${placeOf(apiUrl)}`;
  const response = responseOf(error);
  if (!response) {
    return isTimeout(error)
      ? transient('TimedOut', `${forge} gave no answer within ${requestTimeout} ms.`)
      : transient(
          'Unreachable',
          `${forge} cannot be reached (${codeOf(error)}): check that it runs, and apiUrl.`,
        );
  }
  const { status } = response;
  const headers = headersOf(response.headers);
  const said = quote(messageOf(error));
  if (isBusy(status, headers, said)) {
    const wait = retryAfter(headers) ?? untilReset(headers);
    return transient('Busy', `${forge} is busy or limits its requests (${status}): ${said}`, wait);
  }
  switch (status) {
    case 401:
      return permanent(
        'Unauthorized',
        `${forge} does not accept the token in ${tokenEnv} (401: ${said}): it is wrong, expired or revoked. Make a new one and set it.`,
      );
    case 403:
      return permanent(
        'Forbidden',
        `The token in ${tokenEnv} may not ${purpose.to} (403: ${said}): give it the permission ${wanted(headers) ?? purpose.needs}.`,
      );
    case 404:
    case 410:
      return permanent(
        'NotFound',
        `${forge} does not know ${purpose.target} (${status}: ${said}): check it in the configuration, and that the token in ${tokenEnv} may see it, since what it may not see is said not to exist.`,
      );
    default:
      return status >= 500
        ? transient('Unreachable', `${forge} fails (${status}): ${said}`)
        : permanent('Refused', `${forge} refuses to ${purpose.to} (${status}): ${said}`);
  }
}

interface Response {
  status: number;
  headers: Record<string, string | number | undefined>;
}

/** Octokit's error has the answer; without one, there was none. */
const responseOf = (error: unknown): Response | undefined =>
  error instanceof Error && 'response' in error ? (error.response as Response) : undefined;

/** The limits are told by 403 as well as by 429: docs.github.com, "Rate limits for the REST API". */
const isBusy = (status: number, headers: Headers, said: string): boolean =>
  [408, 429, 503].includes(status) ||
  (status === 403 &&
    (headers.has('retry-after') ||
      headers.get('x-ratelimit-remaining') === '0' ||
      /rate limit/i.test(said)));

/** `x-ratelimit-reset` is in seconds since 1970. */
function untilReset(headers: Headers): number | undefined {
  const reset = headers.get('x-ratelimit-reset');
  if (reset === null || headers.get('x-ratelimit-remaining') !== '0') return undefined;
  const date = new Date(Number(reset) * 1000);
  return Number.isNaN(date.getTime())
    ? undefined
    : retryAfter(new Headers({ 'retry-after': date.toUTCString() }));
}

/** GitHub says which permissions of a fine-grained token would have done. */
const wanted = (headers: Headers): string | undefined =>
  headers.get('x-accepted-github-permissions')?.replaceAll('; ', ' or ').replaceAll('=', ': ');

function headersOf(headers: Response['headers']): Headers {
  const entries = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return new Headers(entries);
}

const isTimeout = (error: unknown): boolean =>
  causesOf(error).some(({ name }) => name === 'TimeoutError');

function codeOf(error: unknown): string {
  const coded = causesOf(error).find((cause) => 'code' in cause);
  return coded && 'code' in coded ? String(coded.code) : quote(messageOf(error));
}

/** The error and what caused it, outermost first. */
function causesOf(error: unknown): Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}
