import { HttpMethod, IsomorphicFetchHttpLibrary, RequestContext } from '@kubernetes/client-node';
import type { z } from 'zod';
import { describeIssues } from '../../../process/signals.ts';
import { messageOf, permanent, transient } from '../../failures.ts';
import { quote } from '../../http.ts';
import type { ClusterAccess } from './access.ts';
import { type Answer, type Request, refusal } from './refusals.ts';

const methods = {
  get: HttpMethod.GET,
  list: HttpMethod.GET,
  patch: HttpMethod.PATCH,
  create: HttpMethod.POST,
};

const conflict = 409;

export interface Client {
  /** The answer's JSON, checked. Throws the failures of {@link refusal}, or `BadAnswer`. */
  ask<S extends z.ZodType>(request: Request, schema: S, signal: AbortSignal): Promise<z.infer<S>>;
  /** The same of a patch that names a resourceVersion; undefined where the object has another. */
  tryPatch<S extends z.ZodType>(
    request: Request,
    schema: S,
    signal: AbortSignal,
  ): Promise<z.infer<S> | undefined>;
}

/**
 * Kubernetes' API by its own client: the credentials of every kind, TLS and the transport are the
 * client's; bodies stay plain JSON. `timeout` in milliseconds, for each request.
 */
export function createClient(access: ClusterAccess, timeout: number): Client {
  const http = new IsomorphicFetchHttpLibrary();
  const whom = `Kubernetes at ${access.server}`;

  async function send(request: Request, signal: AbortSignal): Promise<Answer> {
    const deadline = AbortSignal.timeout(timeout);
    const context = contextOf(request, AbortSignal.any([signal, deadline]));
    await authenticate(context);
    try {
      const response = await http.send(context).toPromise();
      const { httpStatusCode: status, headers } = response;
      return { status, headers: new Headers(headers), text: await response.body.text() };
    } catch (error) {
      signal.throwIfAborted();
      throw deadline.aborted
        ? transient('TimedOut', `${whom} gave no answer within ${timeout} ms.`)
        : unreachable(error);
    }
  }

  function contextOf(request: Request, signal: AbortSignal): RequestContext {
    const context = new RequestContext(access.server + request.path, methods[request.verb]);
    context.setHeaderParam('accept', 'application/json');
    if (request.body !== undefined) {
      const patch = request.verb === 'patch' ? 'strategic-merge-patch+' : '';
      context.setHeaderParam('content-type', `application/${patch}json`);
      context.setBody(JSON.stringify(request.body));
    }
    context.setSignal(signal);
    return context;
  }

  async function authenticate(context: RequestContext): Promise<void> {
    try {
      await access.kubeConfig.applySecurityAuthentication(context);
    } catch (error) {
      throw permanent(
        'Unauthorized',
        `${whom} cannot be called by ${access.credential}: ${quote(messageOf(error))}`,
      );
    }
  }

  function unreachable(error: unknown) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
    const advice = /CERT|SIGNATURE|SSL/.test(code)
      ? 'its certificate is not trusted: check caFile or the kubeconfig, and the address'
      : 'check that it runs, and the address';
    return transient('Unreachable', `${whom} cannot be reached (${code}): ${advice}.`);
  }

  function parse<S extends z.ZodType>(answer: Answer, request: Request, schema: S): z.infer<S> {
    const parsed = schema.safeParse(jsonOf(answer));
    if (parsed.success) return parsed.data;
    throw permanent(
      'BadAnswer',
      `${whom} gives an answer to ${request.verb} ${request.path} that cannot be understood: ${describeIssues(parsed.error)}`,
    );
  }

  const ask: Client['ask'] = async (request, schema, signal) => {
    const answer = await send(request, signal);
    if (!isOk(answer)) throw refusal(answer, request, whom, access.credential);
    return parse(answer, request, schema);
  };

  const tryPatch: Client['tryPatch'] = async (request, schema, signal) => {
    const answer = await send(request, signal);
    if (answer.status === conflict) return undefined;
    if (!isOk(answer)) throw refusal(answer, request, whom, access.credential);
    return parse(answer, request, schema);
  };

  return { ask, tryPatch };
}

const isOk = ({ status }: Answer) => status >= 200 && status < 300;

function jsonOf({ text }: Answer): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
