import { z } from 'zod';
import type { AdapterDeps } from '../../deps.ts';
import { permanent, transient } from '../../failures.ts';
import {
  assertOk,
  call,
  type HttpAnswer,
  type HttpCall,
  parseAnswer,
  placeOf,
  quote,
} from '../../http.ts';
import { type Application, applicationSchema } from './application.ts';
import type { ArgoCdConfig } from './config.ts';

const userSchema = z.object({
  loggedIn: z.boolean().default(false),
  username: z.string().default(''),
});
const permissionSchema = z.object({ value: z.string() });

/** How Argo CD says no: the code is gRPC's. */
const refusalSchema = z.object({ code: z.number(), message: z.string().min(1) });

export type User = z.infer<typeof userSchema>;

/**
 * The part of Argo CD's API that a deploy needs. All throw ApplicationFailures: `Unauthorized`,
 * `Forbidden`, `NotFound`, `Refused` with the server's own words, `Busy`, `Unreachable`, `TimedOut`
 * or `BadAnswer`.
 */
export interface ArgoCdApi {
  user(signal: AbortSignal): Promise<User>;
  /** Whether the account may do this to the Application; `subject` as in a policy. */
  may(action: string, subject: string, signal: AbortSignal): Promise<boolean>;
  application(signal: AbortSignal): Promise<Application>;
  sync(content: object, signal: AbortSignal): Promise<Application>;
  rollback(id: number, signal: AbortSignal): Promise<Application>;
  terminate(signal: AbortSignal): Promise<void>;
}

export function createArgoCdApi(config: ArgoCdConfig, deps: AdapterDeps): ArgoCdApi {
  const { application: name, appNamespace, project, tokenEnv, requestTimeout: timeout } = config;
  const headers = {
    authorization: `Bearer ${deps.secret(tokenEnv)}`,
    'content-type': 'application/json',
  };
  const where = { ...(appNamespace && { appNamespace }), ...(project && { project }) };
  const base = config.url.endsWith('/') ? config.url : `${config.url}/`;
  const applicationPath = `applications/${encodeURIComponent(name)}`;
  const query = new URLSearchParams(where).toString();
  const scoped = (path: string) => (query ? `${path}?${query}` : path);

  async function ask<S extends z.ZodType>(
    schema: S,
    method: HttpCall['method'],
    path: string,
    signal: AbortSignal,
    content?: object,
  ): Promise<z.infer<S>> {
    const outgoing: HttpCall = {
      whom: 'Argo CD',
      url: new URL(`api/v1/${path}`, base).href,
      method,
      headers,
      timeout,
      signal,
      ...(content && { body: JSON.stringify({ name, ...where, ...content }) }),
    };
    const answer = await call(outgoing);
    assertAccepted(answer, outgoing);
    return parseAnswer(answer, outgoing, schema);
  }

  function assertAccepted(answer: HttpAnswer, outgoing: HttpCall): void {
    const refusal = refusalOf(answer);
    if (refusal) throw explained(refusal, answer.status, `Argo CD at ${placeOf(outgoing.url)}`);
    assertOk(answer, outgoing, `the token in ${tokenEnv}`);
  }

  function explained({ message }: z.infer<typeof refusalSchema>, status: number, who: string) {
    const says = `${status}: ${quote(message)}`;
    switch (status) {
      case 401:
        return permanent(
          'Unauthorized',
          `${who} does not accept who calls (${says}): put a valid token into ${tokenEnv}.`,
        );
      case 403:
        // A closed sync window is told as a missing permission, and no policy opens it.
        if (message.startsWith('cannot sync')) return refused(who, says);
        return permanent('Forbidden', `${who} does not allow this (${says}): ${whatToAllow}`);
      case 404:
        return permanent(
          'NotFound',
          `${who} has no such application (${says}): check application, appNamespace and project.`,
        );
      default:
        return isOccupied(message)
          ? transient('Busy', `${who} has another operation in progress for ${name} (${says}).`)
          : refused(who, says);
    }
  }

  const refused = (who: string, says: string) =>
    permanent(
      'Refused',
      `${who} refuses this (${says}). Mend there what it names, then try again.`,
    );

  const whatToAllow = project
    ? `give the account of ${tokenEnv} a policy for the applications of ${project}: get and sync, and what else is named here.`
    : `give the account of ${tokenEnv} a policy for this application: get and sync, and what else is named here. Argo CD answers the same where there is no such application, so check application and appNamespace too; with project configured it tells them apart.`;

  return {
    user: (signal) => ask(userSchema, 'GET', 'session/userinfo', signal),
    async may(action, subject, signal) {
      const path = `account/can-i/applications/${action}/${subject}`;
      return (await ask(permissionSchema, 'GET', path, signal)).value === 'yes';
    },
    application: (signal) => ask(applicationSchema, 'GET', scoped(applicationPath), signal),
    sync: (content, signal) =>
      ask(applicationSchema, 'POST', `${applicationPath}/sync`, signal, content),
    rollback: (id, signal) =>
      ask(applicationSchema, 'POST', `${applicationPath}/rollback`, signal, { id }),
    async terminate(signal) {
      await ask(z.object({}), 'DELETE', scoped(`${applicationPath}/operation`), signal);
    },
  };
}

const isOccupied = (message: string) => message.includes('operation is already in progress');

/** What Argo CD itself has refused for good; not what a proxy before it says, nor what may pass. */
function refusalOf({ status, text }: HttpAnswer) {
  if (![400, 401, 403, 404, 412].includes(status)) return undefined;
  try {
    return refusalSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
