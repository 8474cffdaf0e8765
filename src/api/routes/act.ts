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
  gone,
  invalidPage,
  recordedPage,
  saidPage,
  troublePage,
} from '../act/outcomes.ts';
import { standingOf } from '../act/standing.ts';
import { acknowledgeName, type Task, taskPage } from '../act/task.ts';
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
    try {
      const isAcknowledged = entries.has(acknowledgeName);
      return show(reply, await (isAcknowledged ? acknowledge(found) : answer(found, entries)));
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
    const used = errand.signal && (await saidOn(incident, requestIdOf(errand)));
    if (errand.signal && used) return saidPage(errand.signal, incident, used, false, now());
    // An answer by whom it is not asked of any more is refused by the process itself, on the record.
    const isOpen =
      standing.kind === 'asked' || (standing.kind === 'handedOver' && use === 'answered');
    if (isOpen) return { errand, incident, wait: standing.wait };
    return closedPage(errand, incident, standing, now());
  }

  /** What a request has put on the record already, as far as a worker can tell. */
  const saidOn = async ({ id, stale }: Task['incident'], requestId: string) =>
    stale ? null : readSaid(gateway, id, requestId);

  async function answer(task: Task, entries: Entries): Promise<Page> {
    const { errand, wait } = task;
    const notice = 'Nothing was sent yet: see what is missing below.';
    if (!wait) return taskPage(task, now(), { status: 422, notice });
    const { signal, item } = wait;
    const filled = bodyOf(signal, entries, item && { item });
    if (!filled.ok) {
      const { faults } = filled;
      return taskPage(task, now(), { status: 422, notice, entries, faults });
    }
    const requestId = requestIdOf(errand);
    const found = await send(task, signal, filled.body, requestId);
    const said = found && (await readSaid(gateway, errand.incident, requestId));
    return said ? saidPage(signal, found.incident, said, true, now()) : recordedPage(task.incident);
  }

  /** Beside the answer and once as well; the answer can still be given. */
  async function acknowledge(task: Task): Promise<Page> {
    const requestId = `${requestIdOf(task.errand)}:acknowledged`;
    if (await saidOn(task.incident, requestId)) {
      const notice =
        'This link has acknowledged already. Where it escalates again, a new message has a new link.';
      return taskPage(task, now(), { status: gone, notice });
    }
    const found = await send(task, 'escalationAcknowledged', {}, requestId);
    if (!found) return recordedPage(task.incident);
    const { verdict } = found;
    const told = verdict.accepted
      ? { notice: 'You have it in hand: that is on the record.' }
      : { status: 409, notice: verdict.reason };
    return taskPage(
      { ...task, incident: { ...found.incident, stale: false, problem: null } },
      now(),
      told,
    );
  }

  /** Null where no worker has answered: it is recorded. */
  async function send({ errand }: Task, name: SignalName, body: object, requestId: string) {
    const { incident: id, person: by, phase, attempt } = errand;
    const at = now().toISOString();
    const during = { phase, attempt };
    const found = await sendSignal(gateway, { id, name, body, by, at, requestId, during });
    if (!found?.verdict) {
      options.onSignal(name, 'recorded');
      return null;
    }
    options.onSignal(name, found.verdict.accepted ? 'accepted' : 'refused');
    return { verdict: found.verdict, incident: found.incident };
  }
};

const requestIdOf = ({ id }: Errand): string => `link:${id}`;

const show = (reply: FastifyReply, page: Page): FastifyReply =>
  reply.code(page.status).headers(pageHeaders).send(layout(page));
