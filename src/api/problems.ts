import { QueryNotRegisteredError, QueryRejectedError, ServiceError } from '@temporalio/client';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { cut } from '../process/cut.ts';

/** RFC 9457, with a stable `code` that programs may rely on. */
export const problemSchema = z
  .object({
    type: z.string().describe('`about:blank`: the code says it all'),
    title: z.string(),
    status: z.int().min(400).max(599),
    code: z.string().describe('Stable: what programs decide by'),
    detail: z.string().describe('What is wrong and what to do, for people'),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .loose()
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;

/** An answer other than success. `more` are RFC 9457 extension members. */
export class ApiProblem extends Error {
  override name = 'ApiProblem';
  readonly status: number;
  readonly code: string;
  readonly more: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    code: string,
    detail: string,
    more: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.more = more;
    this.headers = headers;
  }
}

export const incidentNotFound = (id: string): ApiProblem =>
  new ApiProblem(404, 'incident_not_found', `There is no incident ${JSON.stringify(id)}.`);

export const noWorker = (what: string): ApiProblem =>
  new ApiProblem(
    503,
    'no_worker',
    `No worker is alive to answer, so ${what} cannot be had now. Start a worker; nothing is lost meanwhile.`,
    {},
    { 'retry-after': '5' },
  );

export const incidentStuck = (what: string): ApiProblem =>
  new ApiProblem(
    503,
    'incident_stuck',
    `A worker cannot go on with this incident, so ${what} cannot be had now. Its history in the Temporal UI says why: run a worker of the version that can, or mend it. What is sent meanwhile is recorded; nothing is lost.`,
    {},
    { 'retry-after': '60' },
  );

export const incidentPaused = (what: string): ApiProblem =>
  new ApiProblem(
    503,
    'incident_paused',
    `The incident is paused in Temporal, so ${what} cannot be had now. Unpause its workflow: temporal workflow unpause. What is sent meanwhile is recorded; nothing is lost.`,
    {},
    { 'retry-after': '60' },
  );

export const incidentFull = (): ApiProblem =>
  new ApiProblem(
    503,
    'incident_full',
    'Temporal takes no more signals for this incident until its workflow has gone on in a new history, which it does when a worker is there and no deploy is under way. Nothing was recorded: send it again later, with the same Idempotency-Key.',
    {},
    { 'retry-after': '60' },
  );

/**
 * gRPC's codes for "nobody answered": no worker polls, it is too busy to, or it died with the question
 * in its hands (CANCELLED, INTERNAL).
 */
const noAnswer = new Set([1, 4, 9, 13]);
const unreachable = new Set([2, 8, 14]);

const grpcCodeOf = (error: unknown): number | undefined => {
  const cause = error instanceof ServiceError ? error.cause : error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'number'
    ? cause.code
    : undefined;
};

/** While the task of a workflow fails, its queries do so, too. */
const isTaskFailing = (error: unknown): boolean =>
  grpcCodeOf(error) === 9 && /task in failed state/i.test(reasonOf(error));

/** gRPC's FAILED_PRECONDITION: the workflow cannot be asked yet. */
export const isNotReady = (error: unknown): boolean =>
  grpcCodeOf(error) === 9 && !isTaskFailing(error);

/**
 * The workflow itself gives no answer, whoever asks: it cannot be replayed, its query fails, or it is
 * paused. The SDK has one name for every query that a worker has failed at.
 */
export const isUnanswerable = (error: unknown): boolean =>
  error instanceof QueryNotRegisteredError ||
  error instanceof QueryRejectedError ||
  isTaskFailing(error);

/** Temporal's limit to the signals of one history. */
export const isSignalLimit = (error: unknown): boolean =>
  grpcCodeOf(error) === 3 && /limit for signal/i.test(reasonOf(error));

export const isNoAnswer = (error: unknown): boolean => noAnswer.has(grpcCodeOf(error) ?? -1);

/** Temporal itself does not answer, or not now. */
export const isUnreachable = (error: unknown): boolean => unreachable.has(grpcCodeOf(error) ?? -1);

/** What an expected failure says, for the log: the sentence is enough there, a stack is not. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** The names of the statuses as HTTP has them. */
export const titles: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Every error of the API leaves through here, and none with a stack. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>((error, request, reply) =>
    sendProblem(reply, explain(error, request)),
  );
  app.setNotFoundHandler((request, reply) => {
    const detail = `There is nothing at ${request.method} ${request.url.split('?')[0]}; /docs lists every call.`;
    return sendProblem(reply, new ApiProblem(404, 'not_found', detail));
  });
}

/** What an error is to the caller. What is not the caller's doing is logged. */
export function explain(error: FastifyError, { log }: FastifyRequest): ApiProblem {
  const problem = problemOf(error);
  if (problem.code === 'internal') log.error({ err: error }, problem.message);
  else if (problem.status >= 500) log.warn({ reason: reasonOf(error) }, problem.message);
  return problem;
}

/** What goes wrong before a route is found leaves in the same way. */
export const refuseRequest = (error: FastifyError, reply: FastifyReply): void => {
  sendProblem(reply, problemOf(error));
};

function sendProblem(reply: FastifyReply, problem: ApiProblem): FastifyReply {
  const { status, code, message, more, headers } = problem;
  return reply
    .code(status)
    .headers(headers)
    .type('application/problem+json; charset=utf-8')
    .send({ type: 'about:blank', title: titles[status], status, code, detail: message, ...more });
}

function problemOf(error: FastifyError): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return validationProblem(error);
  if (error instanceof QueryRejectedError) return incidentPaused('this');
  if (isUnanswerable(error)) return incidentStuck('this');
  if (isUnreachable(error) || isNoAnswer(error)) return temporalProblem();
  return clientProblems[error.code] ?? unexpected(error);
}

/** An answer is to help, and not to be as long as what is wrong. */
const mostErrors = 20;
const longestMessage = 500;

function validationProblem({
  validation,
  validationContext,
}: {
  validation: { instancePath: string; message?: string | undefined }[];
  validationContext?: string | undefined;
}): ApiProblem {
  const errors = validation
    .slice(0, mostErrors)
    .map(({ instancePath, message = 'is not right' }) => ({
      path: instancePath.replace(/^\//, '').replaceAll('/', '.'),
      message: cut(message, longestMessage),
    }));
  const whole = validationContext === 'querystring' ? 'query' : 'body';
  const detail = errors.map(({ path, message }) => `${path || whole}: ${message}`).join('; ');
  return new ApiProblem(422, 'validation_failed', detail, { errors });
}

const temporalProblem = () =>
  new ApiProblem(
    503,
    'temporal_unreachable',
    'Temporal does not answer. Whether this call was recorded is not known: send it again with the same Idempotency-Key.',
    {},
    { 'retry-after': '5' },
  );

const clientProblems: Record<string, ApiProblem> = {
  FST_ERR_CTP_BODY_TOO_LARGE: new ApiProblem(413, 'too_large', 'The body is larger than 256 KiB.'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: new ApiProblem(
    415,
    'unsupported_media_type',
    'Send JSON, with the header content-type: application/json.',
  ),
  FST_ERR_CTP_EMPTY_JSON_BODY: new ApiProblem(400, 'invalid_json', 'The body is empty; send JSON.'),
  FST_ERR_CTP_INVALID_JSON_BODY: new ApiProblem(400, 'invalid_json', 'The body is not valid JSON.'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: new ApiProblem(
    400,
    'invalid_length',
    'The body is not as long as its content-length says.',
  ),
  FST_ERR_BAD_URL: new ApiProblem(400, 'invalid_url', 'The URL cannot be decoded.'),
  FST_ERR_MAX_PARAM_LENGTH: new ApiProblem(404, 'not_found', 'Nothing here has so long a name.'),
};

function unexpected(error: FastifyError): ApiProblem {
  if (error instanceof SyntaxError) {
    return new ApiProblem(400, 'invalid_json', 'The body is not valid JSON.');
  }
  const status = error.statusCode ?? 500;
  return status < 500
    ? new ApiProblem(status, 'bad_request', error.message)
    : new ApiProblem(500, 'internal', 'Something went wrong here; the log of the API says what.');
}
