import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ApiProblem } from './problems.ts';

/** Whether a name or an address can only be this machine's own. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/**
 * Lets in only who calls this machine by a name of its own. A web page whose name was made to resolve
 * to this machine sends that name as `Host`, and any web page sends its own as `Origin`.
 */
export function requireOwnMachine(app: FastifyInstance): void {
  app.addHook('onRequest', async ({ headers: { host, origin }, routeOptions }) => {
    if (routeOptions.config.isPublic) return;
    if (isOwn(`http://${host}`) && (origin === undefined || isOwn(origin))) return;
    const detail =
      'Without tokens the API answers only calls to localhost from this machine. Call it as localhost, or give people tokens in hotfix.yaml (npm run token -- PERSON).';
    throw new ApiProblem(403, 'foreign_host', detail);
  });
}

const isOwn = (origin: string): boolean =>
  URL.canParse(origin) && isLoopback(new URL(origin).hostname.replace(/^\[|\]$/g, ''));
