import type { FastifyError, FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Errand, Links } from '../../links/links.ts';
import type { SignalName } from '../../process/signals.ts';
import { bodyOf, type Entries } from '../act/filled.ts';
import { layout, type Page, pageHeaders } from '../act/layout.ts';
import {
  closedPage,
  expiredPage,
  invalidPage,
  recordedPage,
  saidPage,
  troublePage,
} from '../act/outcomes.ts';
import { standingOf } from '../act/standing.ts';
import { type Task, taskPage } from '../act/task.ts';
import type { GatewayDeps } from '../gateway/deps.ts';
import { readIncident } from '../gateway/read.ts';
import { readSaid } from '../gateway/said.ts';
import { sendSignal } from '../gateway/signal.ts';
import { explain } from '../problems.ts';

export interface ActRoutes {
  gateway: GatewayDeps;
  links: Pick<Links, 'read'>;
  now: () => Date;
  onSignal: (name: SignalName, verdict: 'accepted' | 'refused' | 'recorded') => void;
}

/** Encoded as a form, every character of a body may be nine. In bytes. */
const bodyLimit = 1024 * 1024;

const call = {
  config: { isPublic: true },
  schema: { hide: true, params: z.object({ token: z.string() }) },
};

/**
 * The pages behind the links in messages, for people: the token is the credential. Opening one
 * decides nothing, since programs open links, too; only the form that is sent back acts.
 */
export const actRoutes: FastifyPluginAsyncZod<ActRoutes> = async (app, options) => {
  const { gateway, links, now } = options;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_: unknown, body: string) => new URLSearchParams(body),
  );
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const { status, code } = explain(error, request);
    return show(reply, troublePage(status, code));
  });

  app.get('/act/:token', call, async ({ params }, reply) => {
    const found = await taskBehind(params.token, 'shown');
    return show(reply, 'errand' in found ? taskPage(found, now()) : found);
  });

  app.post('/act/:token', { ...call, bodyLimit }, async (request, reply) => {
    const found = await taskBehind(request.params.token, 'answered');
    if (!('errand' in found)) return show(reply, found);
    const entries = request.body as Entries;
    const { signal, item } = found.errand;
    const filled = bodyOf(signal, entries, item && { item });
    if (!filled.ok) {
      const notice = 'Nothing was sent yet: see what is missing below.';
      const { faults } = filled;
      return show(reply, taskPage(found, now(), { status: 422, notice, entries, faults }));
    }
    try {
      return show(reply, await send(found, filled.body));
    } catch (error) {
      const { status } = explain(error as FastifyError, request);
      if (status !== 503) throw error;
      const notice =
        'Temporal does not answer now. Nothing you wrote is lost: send it again in a moment. It counts once, however often.';
      return show(reply, taskPage(found, now(), { status, notice, entries }));
    }
  });

  /** The task of a link, or the page that says why there is none. */
  async function taskBehind(token: string, use: 'shown' | 'answered'): Promise<Task | Page> {
    const errand = await links.read(token);
    if (errand === 'expired') return expiredPage();
    if (errand === 'invalid') return invalidPage();
    const incident = await readIncident(gateway, errand.incident);
    const standing = standingOf(incident, errand);
    if (standing.kind === 'incidentOver') return closedPage(errand, incident, standing, now());
    const said = incident.stale ? null : await readSaid(gateway, incident.id, requestIdOf(errand));
    if (said) return saidPage(errand, incident, said, false, now());
    // An answer by whom it is not asked of any more is refused by the process itself, on the record.
    const isOpen =
      standing.kind === 'asked' || (standing.kind === 'handedOver' && use === 'answered');
    if (isOpen) return { errand, incident, wait: standing.wait };
    return closedPage(errand, incident, standing, now());
  }

  async function send({ errand, incident }: Task, body: object): Promise<Page> {
    const { person: by, signal, phase, attempt } = errand;
    const requestId = requestIdOf(errand);
    const answer = await sendSignal(gateway, {
      id: incident.id,
      name: signal,
      body,
      by,
      at: now().toISOString(),
      requestId,
      during: { phase, attempt },
    });
    if (!answer?.verdict) {
      options.onSignal(signal, 'recorded');
      return recordedPage(incident);
    }
    options.onSignal(signal, answer.verdict.accepted ? 'accepted' : 'refused');
    const said = await readSaid(gateway, incident.id, requestId);
    return said ? saidPage(errand, answer.incident, said, true, now()) : recordedPage(incident);
  }
};

const requestIdOf = ({ id }: Errand): string => `link:${id}`;

const show = (reply: FastifyReply, page: Page): FastifyReply =>
  reply.code(page.status).headers(pageHeaders).send(layout(page));
