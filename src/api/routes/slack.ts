import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger, FastifyPluginAsync } from 'fastify';
import { slackText } from '../../process/markdown.ts';
import type { SlackApps } from '../directory.ts';
import type { GatewayDeps } from '../gateway/deps.ts';
import { readIncident } from '../gateway/read.ts';
import { recordSignal, undecided, verdictOn } from '../gateway/signal.ts';
import { ApiProblem } from '../problems.ts';
import { checkIsCurrent, type Pressed, readPress, requestIdOf } from '../slack/press.ts';
import { checkSignature } from '../slack/signature.ts';
import { checkedId } from './incidents.ts';
import type { SignalRoutes } from './signals.ts';

export interface SlackRoutes extends SignalRoutes {
  apps: SlackApps;
}

/** A message of Slack comes along whole, and encoded. In bytes. */
const bodyLimit = 1024 * 1024;
/** Slack waits 3 s. In milliseconds. */
const patience = 2_500;
/** For the look whether a button is still of now; where nobody answers, what is known has to do. */
const lookTimeout = 1_000;

/**
 * Presses of buttons in Slack: each is a signal of the person whose member id it is. Answered 200 as soon
 * as it is on the record; what became of it is told to whoever pressed, and to nobody else.
 */
export const slackRoutes: FastifyPluginAsync<SlackRoutes> = async (app, options) => {
  const { apps, now } = options;
  const underWay = new Set<Promise<void>>();
  app.addHook('onClose', async () => void (await Promise.all(underWay)));
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer' },
    async (_: unknown, body: Buffer) => body,
  );

  app.post<{ Body: Buffer }>(
    '/slack/interactions',
    { config: { isPublic: true }, bodyLimit, schema: { hide: true } },
    async ({ headers, body, log }, reply) => {
      if (!Buffer.isBuffer(body)) throw notAForm();
      checkSignature(headers, body, apps.signingSecrets, now());
      const pressed = readPress(body.toString('utf8'));
      if (!pressed) return reply.send();
      const recorded = send(pressed, options);
      const told = tell(pressed, recorded, log).finally(() => underWay.delete(told));
      underWay.add(told);
      const isKnown = recorded.then(
        () => true,
        () => true,
      );
      if (await Promise.race([isKnown, sleep(patience, false)])) return reply.send();
      throw new ApiProblem(503, 'temporal_unreachable', 'Temporal does not answer in time.');
    },
  );
};

const notAForm = () =>
  new ApiProblem(
    415,
    'unsupported_media_type',
    'Slack sends a form: application/x-www-form-urlencoded.',
  );

/** Resolves when the signal is durable, with what is left to do: to ask what became of it. */
async function send(
  pressed: Pressed,
  { apps, gateway, now, onSignal }: SlackRoutes,
): Promise<() => Promise<string>> {
  const { memberId, press } = pressed;
  const person = apps.personOf(memberId);
  if (person === null) throw unknownMember(memberId);
  const id = checkedId({ id: press.incident });
  checkIsCurrent(press, await readIncident(hasty(gateway), id));
  const requestId = requestIdOf(pressed, person);
  const { signal: name, body } = press;
  const at = now().toISOString();
  const last = await recordSignal(gateway, { id, name, body, by: person, at, requestId });
  return async () => {
    const verdict = (last ?? (await verdictOn(gateway, { id, requestId })))?.verdict;
    onSignal(name, verdict ? (verdict.accepted ? 'accepted' : 'refused') : 'recorded');
    if (!verdict) return undecided;
    return verdict.accepted ? `✅ ${name} counts, as said by ${person}.` : `⛔ ${verdict.reason}`;
  };
}

const hasty = (gateway: GatewayDeps): GatewayDeps => ({
  ...gateway,
  answerTimeout: Math.min(gateway.answerTimeout, lookTimeout),
});

const unknownMember = (memberId: string) =>
  new ApiProblem(
    403,
    'unknown_person',
    `Nobody in hotfix.yaml has the member id ${memberId}, so nothing was sent: have it added to the contacts.slack of the person you are.`,
  );

/** Tells whoever pressed, by the address that Slack gave for it. Never throws. */
async function tell(
  { responseUrl, press }: Pressed,
  recorded: Promise<() => Promise<string>>,
  log: FastifyBaseLogger,
): Promise<void> {
  const text = await recorded
    .then((verdict) => verdict())
    .catch((error: unknown) => {
      if (error instanceof ApiProblem) return `⛔ ${error.message}`;
      log.error({ err: error, incident: press.incident }, 'a press in Slack was not recorded');
      return '⛔ This could not be recorded now: press again, or use the form.';
    });
  if (responseUrl === undefined) return;
  try {
    const answer = await fetch(responseUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        response_type: 'ephemeral',
        replace_original: false,
        text: slackText(text),
      }),
      redirect: 'error',
      signal: AbortSignal.timeout(5_000),
    });
    if (!answer.ok) throw new Error(`Slack answers ${answer.status}.`);
  } catch (error) {
    log.warn({ err: error, incident: press.incident }, 'whoever pressed in Slack was not answered');
  }
}
