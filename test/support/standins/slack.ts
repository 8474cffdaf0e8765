import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { answer, listen } from '../../activities/server.ts';
import type { Trouble } from './pagerduty.ts';

/** In markup these three characters stand only for themselves when escaped; see "Formatting with mrkdwn". */
const allowed = /<@[UW][A-Z0-9]+>|<!date\^\d+\^[^|<>]+\|[^<>]+>|<https?:[^|<>\s]+(?:\|[^<>]+)?>/g;
const isEscaped = (text: string) =>
  !/[<>]/.test(text.replace(allowed, '')) && !/&(?!amp;|lt;|gt;)/.test(text);

/** The documented limits: https://docs.slack.dev/reference/block-kit/blocks */
const plain = (most: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(most),
    emoji: z.boolean().optional(),
  });
const mrkdwn = (most: number) =>
  z.strictObject({
    type: z.literal('mrkdwn'),
    text: z.string().min(1).max(most).refine(isEscaped, 'has unescaped & < >'),
    verbatim: z.boolean().optional(),
  });
const text = (most: number) => z.union([plain(most), mrkdwn(most)]);
const style = z.enum(['primary', 'danger']).optional();
const button = z.strictObject({
  type: z.literal('button'),
  text: plain(75),
  action_id: z.string().min(1).max(255),
  value: z.string().max(2_000).optional(),
  url: z.url().max(3_000).optional(),
  style,
  confirm: z
    .strictObject({
      title: plain(100),
      text: plain(300),
      confirm: plain(30),
      deny: plain(30),
      style,
    })
    .optional(),
});
export type SlackButton = z.infer<typeof button>;
const block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), text: plain(150) }),
  z
    .strictObject({
      type: z.literal('section'),
      text: text(3_000).optional(),
      fields: z.array(text(2_000)).min(1).max(10).optional(),
      accessory: button.optional(),
    })
    .refine((one) => one.text || one.fields, 'needs text or fields'),
  z.strictObject({ type: z.literal('actions'), elements: z.array(button).min(1).max(25) }),
  z.strictObject({ type: z.literal('context'), elements: z.array(text(3_000)).min(1).max(10) }),
]);
const blocks = z.array(block).min(1).max(50);
export type SlackBlock = z.infer<typeof block>;

const posted = z.strictObject({
  channel: z.string().min(1),
  text: z.string().min(1).max(40_000).refine(isEscaped, 'has unescaped & < >'),
  blocks,
  thread_ts: z.string().optional(),
  unfurl_links: z.literal(false),
  unfurl_media: z.literal(false),
  client_msg_id: z.uuid(),
});
const updated = z.strictObject({
  channel: z.string(),
  ts: z.string(),
  text: posted.shape.text,
  blocks,
});

export interface SlackMessage {
  ts: string;
  channel: string;
  text: string;
  blocks: SlackBlock[];
  thread: string | null;
  key: string;
  /** How often it was renewed. */
  edits: number;
}

export const botToken = 'xoxb-1-a-token-of-the-tests';
export const channelId = 'C0INCIDENTS';

/** Slack's Web API, as far as its documents go: one channel with its messages. */
export async function startSlack(...troubles: (Trouble | string)[]) {
  const messages: SlackMessage[] = [];
  let busyUntil = 0;
  let early = 0;
  const server = await listen(({ path, headers, body }, response) => {
    const say = (result: object) =>
      answer(response, 200, result, { 'content-type': 'application/json' });
    const refuse = (error: string, more: object = {}) => say({ ok: false, error, ...more });
    if (Date.now() < busyUntil) {
      early += 1;
      return answer(response, 429, '', { 'retry-after': '1' });
    }
    const trouble = troubles.shift();
    busyUntil = Date.now() + 1000 * Number(pauseOf(trouble));
    if (typeof trouble === 'string') return refuse(trouble, { needed: 'chat:write', provided: '' });
    if (trouble) return answer(response, trouble.status, trouble.body ?? '', trouble.headers);
    if (headers.authorization !== `Bearer ${botToken}`) return refuse('invalid_auth');
    const form = Object.fromEntries(
      [...new URLSearchParams(body)].map(([name, value]) => [name, typed(name, value)]),
    );
    const parsed = (path === '/api/chat.postMessage' ? posted : updated).safeParse(form);
    if (!parsed.success) return refuse(faultOf(parsed.error), metadata(parsed.error));
    const { data } = parsed;
    if (![channelId, '#incidents'].includes(data.channel)) return refuse('channel_not_found');
    if ('ts' in data) {
      if (data.channel !== channelId) return refuse('channel_not_found');
      const message = messages.find(({ ts }) => ts === data.ts);
      if (!message) return refuse('message_not_found');
      Object.assign(message, { text: data.text, blocks: data.blocks, edits: message.edits + 1 });
      return say({ ok: true, channel: channelId, ts: data.ts });
    }
    const same = messages.find(({ key }) => key === data.client_msg_id);
    if (same) return say({ ok: true, channel: channelId, ts: same.ts });
    const ts = `1700000000.${String(messages.length + 1).padStart(6, '0')}`;
    const { text: said, blocks: shown, thread_ts: thread = null, client_msg_id: key } = data;
    messages.push({ ts, channel: channelId, text: said, blocks: shown, thread, key, edits: 0 });
    return say({ ok: true, channel: channelId, ts });
  });
  const cards = () => messages.filter(({ thread }) => thread === null);
  const replies = () => messages.filter(({ thread }) => thread !== null);
  const remove = (ts: string) =>
    messages.splice(
      messages.findIndex((one) => one.ts === ts),
      1,
    );
  /** How many requests came before the pause was over that a 429 had asked for. */
  const tooEarly = () => early;
  return { ...server, url: `${server.url}/api/`, messages, cards, replies, remove, tooEarly };
}

const pauseOf = (trouble: Trouble | string | undefined) =>
  typeof trouble === 'object' ? (trouble.headers?.['retry-after'] ?? 0) : 0;

const typed = (name: string, value: string): unknown => {
  if (name === 'blocks') return JSON.parse(value);
  return name.startsWith('unfurl') ? value === 'true' : value;
};

const faultOf = ({ issues }: z.ZodError): string =>
  issues.some(({ path }) => path[0] === 'blocks') ? 'invalid_blocks' : 'invalid_arguments';

const metadata = ({ issues }: z.ZodError) => ({
  response_metadata: {
    messages: issues.map(
      ({ path, message }) => `[ERROR] ${message} [json-pointer:/${path.join('/')}]`,
    ),
  },
});

export const buttonsOf = (message: SlackMessage): SlackButton[] =>
  message.blocks.flatMap((one) => (one.type === 'actions' ? one.elements : []));

export const signingSecret = '8f742231b10e8888abcd99yyyzzz85a5';

/** A press of a button, as Slack sends it: https://docs.slack.dev/interactivity/handling-user-interaction */
export function pressOf(
  { value, action_id }: Pick<SlackButton, 'value' | 'action_id'>,
  { user, responseUrl, at }: { user: string; responseUrl: string; at: Date },
) {
  const seconds = at.getTime() / 1000;
  return {
    type: 'block_actions',
    user: { id: user, username: 'someone', team_id: 'T0TEAM' },
    api_app_id: 'A0APP',
    token: 'a-token-that-is-no-longer-used',
    container: { type: 'message', message_ts: '1700000000.000001', channel_id: channelId },
    trigger_id: '1.2.3',
    team: { id: 'T0TEAM', domain: 'example' },
    response_url: responseUrl,
    actions: [{ type: 'button', action_id, block_id: 'x', value, action_ts: seconds.toFixed(6) }],
  };
}

/** A request of Slack, signed: https://docs.slack.dev/authentication/verifying-requests-from-slack */
export function signedRequest(payload: unknown, at: Date, secret = signingSecret) {
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const digest = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return {
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${digest}`,
    },
  };
}
