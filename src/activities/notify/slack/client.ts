import { createHash } from 'node:crypto';
import { LogLevel, WebClient } from '@slack/web-api';
import { z } from 'zod';
import { permanent } from '../../failures.ts';
import { createPace } from '../pace.ts';
import type { ChannelDeps } from '../types.ts';
import type { Said } from './blocks.ts';
import type { SlackChannelConfig } from './channel.ts';
import { isGone, slackFailure } from './failures.ts';

/** Where a message is: the id of its channel, and its time, which is its name there. */
export const placeSchema = z.object({ channel: z.string(), ts: z.string() });
export type Place = z.infer<typeof placeSchema>;

/** The two calls that are needed, each in its turn, with failures that say what to do. */
export function createSlack(config: SlackChannelConfig, deps: ChannelDeps) {
  const { channel, tokenEnv } = config;
  const client = new WebClient(deps.secret(tokenEnv), {
    slackApiUrl: config.url,
    timeout: config.timeout,
    // Retries are the delivery's, which knows how long anybody can wait and who else could tell it.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger: quiet,
  });
  const pace = createPace('Slack', config.rateLimit);
  const call = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
    pace(signal, () =>
      work().catch((error: unknown) => {
        throw slackFailure(error, { channel, tokenEnv });
      }),
    );

  const post = async (said: Said, under: Place | null, key: string, signal: AbortSignal) => {
    const message = {
      channel: under?.channel ?? channel,
      ...said,
      ...(under && { thread_ts: under.ts }),
      unfurl_links: false,
      unfurl_media: false,
      client_msg_id: uuidOf(`${channel} ${key}`),
    };
    const answer = await call(signal, () => client.chat.postMessage(message));
    const place = placeSchema.safeParse(answer);
    if (place.success) return place.data;
    throw permanent('BadAnswer', 'Slack does not say where the message is that it has taken.');
  };

  const update = async (said: Said, at: Place): Promise<boolean> => {
    try {
      await client.chat.update({ ...at, ...said });
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  };

  /** Renews the message, or posts it where it is not there (any more). */
  const put = async (said: Said, at: Place | undefined, key: string, signal: AbortSignal) => {
    if (!at) return post(said, null, key, signal);
    const isThere = await call(signal, () => update(said, at));
    return isThere ? at : post(said, null, `${key} after ${at.ts}`, signal);
  };

  return { post, put };
}

/** A UUID that is the same for the same key. */
function uuidOf(key: string): string {
  const hex = createHash('sha256').update(key).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** What goes wrong is told by the failure; the library's own lines would tell it again. */
const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  getLevel: () => LogLevel.ERROR,
  setName: () => undefined,
};
