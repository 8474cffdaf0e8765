import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { roleOf, roles } from '../process/phases.ts';
import { isCompletion, type SignalName } from '../process/signals.ts';
import type { Caller, Directory } from './directory.ts';
import { ApiProblem } from './problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; null while the service is open to everyone on this machine. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** Answers without a token. */
    isPublic?: boolean;
  }
}

/** Who calls is known before anything else happens. */
export function authenticate(app: FastifyInstance, directory: Directory): void {
  app.decorateRequest('caller', null);
  app.addHook('onRequest', async (request) => {
    const isDocs = request.url.startsWith('/docs');
    if (directory.open || request.routeOptions.config.isPublic || isDocs) return;
    request.caller = callerOf(request, directory);
  });
}

function callerOf({ headers: { authorization } }: FastifyRequest, directory: Directory): Caller {
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  const caller = token === undefined ? null : directory.callerOf(token);
  if (caller) return caller;
  const detail =
    token === undefined
      ? 'Send a token: Authorization: Bearer <token>. `npm run token -- PERSON` makes one.'
      : 'This token is not known; it may have been replaced. `npm run token -- PERSON` makes a new one.';
  throw new ApiProblem(401, 'unauthenticated', detail, {}, { 'www-authenticate': 'Bearer' });
}

/** Under which name a caller acts. A tool is never taken for a person of the same name. */
const nameOf = ({ kind, id }: Caller): string => (kind === 'tool' ? `tool:${id}` : id);

/** Who declares an incident. A source may be longer than a name can be. */
export const reporterOf = (request: FastifyRequest, source = 'api'): string =>
  request.caller
    ? nameOf(request.caller)
    : (actorHeader(request) ?? source.slice(0, longestName).trim());

/** Who sends a signal; without a name the role's own, so that a first try goes through. */
export function senderOf(request: FastifyRequest, signal: SignalName): string {
  const { caller } = request;
  if (caller?.kind === 'tool' && signal !== 'commented') {
    const detail = `${caller.id} is a tool: it may start incidents and comment. ${signal} needs a person's token.`;
    throw new ApiProblem(403, 'person_needed', detail);
  }
  if (caller) return nameOf(caller);
  return (
    actorHeader(request) ?? (isCompletion(signal) ? roles[roleOf(signal)].defaultActor : 'operator')
  );
}

const longestName = 100;
const actorHeader = (request: FastifyRequest) => textHeader(request, 'x-hotfix-actor', longestName);

/** The key by which a repetition of this call is recognised, if the caller gave one. */
export const idempotencyKeyOf = (request: FastifyRequest): string | undefined =>
  textHeader(request, 'idempotency-key', 255);

export const requestIdOf = (request: FastifyRequest): string =>
  idempotencyKeyOf(request) ?? randomUUID();

function textHeader(
  { headers }: FastifyRequest,
  name: string,
  longest: number,
): string | undefined {
  const value = headers[name];
  if (value === undefined) return undefined;
  const text = Array.isArray(value) ? '' : decoded(value).trim();
  if (text.length > 0 && text.length <= longest && !/\p{C}/u.test(text)) return text;
  throw new ApiProblem(
    422,
    'validation_failed',
    `The header ${name} must be one line of 1 to ${longest} characters, given once.`,
  );
}

/** Node reads headers as Latin-1, while people's terminals send names as UTF-8. */
function decoded(header: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(header, 'latin1'));
  } catch {
    return header;
  }
}
