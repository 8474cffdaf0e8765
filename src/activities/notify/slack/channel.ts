import { z } from 'zod';
import { channelName, channelTimeout } from '../config.ts';
import { rateLimit } from '../pace.ts';
import { Recent } from '../recent.ts';
import type { Addressed, ChannelDeps, NotificationChannel } from '../types.ts';
import { cardOf, replyOf } from './blocks.ts';
import { createSlack, type Place, placeSchema } from './client.ts';

export const slackChannelConfigSchema = z
  .strictObject({
    adapter: z.literal('slack'),
    name: channelName('slack'),
    channel: z
      .string()
      .regex(/^(?:[CG][A-Z0-9]{2,20}|#[^\s#]{1,80})$/, {
        error: 'must be the id of a channel, such as C012AB3CD, or its name, such as #incidents',
      })
      .describe('The channel to post in, by its id or its name'),
    tokenEnv: z
      .string()
      .min(1)
      .describe('The environment variable with the bot token, which has the scope chat:write'),
    signingSecretEnv: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The environment variable with the signing secret of the app; with it messages have buttons, whose presses Slack sends to /slack/interactions',
      ),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https url' })
      .default('https://slack.com/api/')
      .describe('Where the Web API is; https://slack-gov.com/api/ for GovSlack'),
    timeout: channelTimeout,
    rateLimit: rateLimit(1),
  })
  .describe('Keeps one message for each incident, with its timeline as the thread');
export type SlackChannelConfig = z.infer<typeof slackChannelConfigSchema>;

/**
 * One message an incident, renewed with each message to people, which itself is a reply to it. What comes
 * twice renews the same, and a reply has a `client_msg_id` by which Slack knows it again.
 */
export function createSlackChannel(
  config: SlackChannelConfig,
  deps: ChannelDeps,
): NotificationChannel {
  const slack = createSlack(config, deps);
  const places = new Recent<Place>();
  const shown = new Recent<number>();
  const inOrder = createLines();

  /** Posts or renews the incident's message; a late message must not take it back to an earlier state. */
  const show = async (message: Addressed, signal: AbortSignal): Promise<Place> => {
    const { incidentId, seq } = message;
    const told = placeSchema.safeParse(message.threads[config.name]).data;
    const known = newest(told, places.get(incidentId));
    if (known && (shown.get(incidentId) ?? 0) > seq) return known;
    const look = {
      page: deps.pageOf(incidentId),
      hasButtons: config.signingSecretEnv !== undefined,
    };
    const place = await slack.put(cardOf(message, look), known, `card ${incidentId}`, signal);
    shown.set(incidentId, seq);
    return places.set(incidentId, place);
  };

  return {
    name: config.name,
    send: (message, signal) =>
      inOrder(message.incidentId, async () => {
        const place = await show(message, signal);
        await slack.post(replyOf(message), place, `reply ${message.id}`, signal);
        return { ...place };
      }),
  };
}

const newest = (...places: (Place | undefined)[]): Place | undefined =>
  places
    .filter((place) => place !== undefined)
    .sort((one, other) => Number(one.ts) - Number(other.ts))
    .at(-1);

/** Work of one incident is done one after the other, so that it never has two messages. */
function createLines() {
  const last = new Recent<{ isOver: Promise<unknown> }>();
  return async <T>(incidentId: string, work: () => Promise<T>): Promise<T> => {
    const before = last.get(incidentId);
    const done = Promise.resolve(before?.isOver).then(work);
    last.set(incidentId, { isOver: done.catch(() => undefined) });
    return done;
  };
}
