import type { ApplicationFailure } from '@temporalio/common';
import type { z } from 'zod';
import { cut } from '../process/cut.ts';
import { countingLengths } from '../process/lengths.ts';
import { describeIssues } from '../process/signals.ts';
import { permanent, transient } from './failures.ts';

/** One HTTP request to another system. */
export interface HttpCall {
  /** Who is called, as the beginning of a sentence: `The deploy system`. */
  whom: string;
  url: string;
  /** Said instead of the url where that is itself a secret. */
  place?: string;
  method: 'GET' | 'POST' | 'DELETE';
  headers?: Record<string, string>;
  body?: string;
  /** For the whole answer, in milliseconds. */
  timeout: number;
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** As UTF-8. */
  text: string;
  /** As it came, for what may have another charset. */
  bytes: Uint8Array;
  /** From the request to the last byte. */
  milliseconds: number;
}

const largestAnswer = 5 * 1024 * 1024;
const longestRetryAfter = 5 * 60_000;

/**
 * Sends the request and reads the whole answer, whatever its status. A redirect is an answer too:
 * credentials and signatures are never carried to another place.
 * Throws `Unreachable`, `TimedOut` or `BadAnswer`; the signal's own reason when it aborts.
 */
export async function call(request: HttpCall): Promise<HttpAnswer> {
  const deadline = AbortSignal.timeout(request.timeout);
  const begun = performance.now();
  try {
    const response = await send(request, AbortSignal.any([request.signal, deadline]));
    const bytes = await readBytes(response, request);
    const milliseconds = Math.round(performance.now() - begun);
    const { status, headers } = response;
    return { status, headers, text: bytes.toString('utf8'), bytes, milliseconds };
  } catch (error) {
    request.signal.throwIfAborted();
    throw deadline.aborted ? timedOut(request) : unreachable(request, error);
  }
}

/** A GET changes nothing, so it is sent again where the connection was closed under it. */
async function send(request: HttpCall, signal: AbortSignal): Promise<Response> {
  const init = {
    method: request.method,
    redirect: 'manual' as const,
    signal,
    headers: headersOf(request),
    ...(request.body !== undefined && { body: request.body }),
  };
  try {
    return await fetch(request.url, init);
  } catch (error) {
    const again = request.method === 'GET' && !signal.aborted && closed.has(codeOf(error));
    if (!again) throw error;
    return fetch(request.url, init);
  }
}

const closed = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** Checked here, since the library's own error quotes the value, which may be a secret. */
function headersOf(request: HttpCall): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    try {
      headers.set(name, value);
    } catch {
      throw permanent(
        'Refused',
        `${at(request)} was not called: the value for its header ${name} has a character that no header can have, such as a line break. Check the setting or secret that it comes from.`,
      );
    }
  }
  return headers;
}

async function readBytes(response: Response, request: HttpCall): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > largestAnswer) {
      throw permanent('BadAnswer', `${at(request)} answers with more than 5 MiB.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const timedOut = (request: HttpCall) =>
  transient('TimedOut', `${at(request)} gave no answer within ${request.timeout} ms.`);

function unreachable(request: HttpCall, error: unknown): ApplicationFailure {
  if (isFailure(error)) return error;
  const code = codeOf(error);
  const why = code === '' ? '' : ` (${code})`;
  const sentence = `${at(request)} cannot be reached${why}: check that it runs, and the address.`;
  return transient('Unreachable', sentence, undefined, code);
}

/** What a library says in words may quote the request; its code does not. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause ? error.cause : error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

const isFailure = (error: unknown): error is ApplicationFailure =>
  error instanceof Error && error.name === 'ApplicationFailure';

/**
 * Throws the typed failure of an answer that is not 2xx, with what to do about it. `credential`
 * says which setting the request was authenticated by.
 */
export function assertOk(answer: HttpAnswer, request: HttpCall, credential: string): void {
  if (answer.status >= 200 && answer.status < 300) return;
  throw refusal(answer, request, credential);
}

function refusal(answer: HttpAnswer, request: HttpCall, credential: string): ApplicationFailure {
  const who = at(request);
  const { status } = answer;
  if (status >= 300 && status < 400) return redirected(answer, request);
  switch (status) {
    case 401:
      return permanent(
        'Unauthorized',
        `${who} does not accept who calls (401): check ${credential}.`,
      );
    case 403:
      return permanent(
        'Forbidden',
        `${who} knows who calls and does not allow it (403): give ${credential} the right to do this.`,
      );
    case 404:
    case 410:
      return permanent(
        'NotFound',
        `${who} says there is nothing there (${status}): check the url.`,
      );
    case 408:
    case 429:
    case 503:
      return transient('Busy', `${who} is busy (${status}).`, retryAfter(answer.headers));
    default:
      return status >= 500
        ? transient(
            'Unreachable',
            `${who} fails (${status}): ${quote(answer.text)}`,
            retryAfter(answer.headers),
          )
        : permanent(
            'Refused',
            `${who} refuses the request (${status}): ${quote(answer.text)} Check that it understands what is sent.`,
          );
  }
}

/** Where the url is a secret, what it leads to is one, too. */
function redirected({ status, headers }: HttpAnswer, request: HttpCall): ApplicationFailure {
  const to = request.place ? '' : ` to ${placeOf(headers.get('location') ?? 'nowhere')}`;
  return permanent(
    'Refused',
    `${at(request)} redirects (${status})${to}, which is not followed: configure the final url.`,
  );
}

/** The answer's JSON, checked; throws `BadAnswer` with the beginning of what came instead. */
export function parseAnswer<S extends z.ZodType>(
  answer: HttpAnswer,
  request: HttpCall,
  schema: S,
): z.infer<S> {
  const parsed = countingLengths(schema).safeParse(parseJson(answer, request));
  if (parsed.success) return parsed.data;
  throw badAnswer(request, `${describeIssues(parsed.error)}; it says ${quote(answer.text)}`);
}

function parseJson(answer: HttpAnswer, request: HttpCall): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    throw badAnswer(request, `not JSON but ${quote(answer.text)}`);
  }
}

export const badAnswer = (request: HttpCall, problem: string): ApplicationFailure =>
  permanent('BadAnswer', `${at(request)} gives an answer that cannot be understood: ${problem}`);

/**
 * `Retry-After`, in seconds or as a date, to milliseconds; a wait in an emergency has a bound. A date is
 * of the other machine, and so is the time from which it counts, where that is told.
 */
export function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - sentAt(headers);
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), longestRetryAfter);
}

const sentAt = (headers: Headers): number => {
  const told = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(told) ? Date.now() : told;
};

const at = (request: HttpCall) => `${request.whom} at ${request.place ?? placeOf(request.url)}`;

/** Where a URL points, without what may be secret in it (user, query). */
export function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed ? `${parsed.origin}${parsed.pathname}` : quote(url);
}

const longestQuote = 200;

/** At most 200 characters of what another system said, on one line. */
export function quote(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  if (line === '') return 'nothing';
  return JSON.stringify(cut(line, longestQuote));
}
