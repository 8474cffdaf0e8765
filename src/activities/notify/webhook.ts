import { z } from 'zod';
import type { AdapterDeps } from '../deps.ts';
import { assertOk, call, type HttpCall } from '../http.ts';
import { createSigner } from '../webhook.ts';
import { channelName, channelTimeout } from './config.ts';
import { createPace, rateLimit } from './pace.ts';
import type { NotificationChannel } from './types.ts';

export const webhookChannelConfigSchema = z
  .strictObject({
    adapter: z.literal('webhook'),
    name: channelName('webhook'),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https url' })
      .describe('Receives each message as a signed POST'),
    secretEnv: z
      .string()
      .min(1)
      .describe('The environment variable with the Standard Webhooks secret of the signature'),
    timeout: channelTimeout,
    rateLimit: rateLimit(10),
  })
  .describe('Posts each message to a url, signed by the Standard Webhooks specification');
export type WebhookChannelConfig = z.infer<typeof webhookChannelConfigSchema>;

/** `webhook-id` is the message's id: a receiver drops what it has seen. */
export function createWebhookChannel(
  config: WebhookChannelConfig,
  deps: AdapterDeps,
): NotificationChannel {
  const { name, url, timeout, secretEnv } = config;
  const sign = createSigner(secretEnv, deps);
  const pace = createPace(`The webhook ${name}`, config.rateLimit);
  return {
    name,
    async send({ threads: _threads, to, ...notification }, signal) {
      const people = to.map(({ id, name: called, link }) => ({ id, name: called, link }));
      const body = JSON.stringify({ ...notification, to: people });
      await pace(signal, async () => {
        const outgoing: HttpCall = {
          whom: `The webhook ${name}`,
          url,
          method: 'POST',
          // Signed when it goes out: a receiver refuses what is old.
          headers: { 'content-type': 'application/json', ...sign(notification.id, body) },
          body,
          timeout,
          signal,
        };
        assertOk(await call(outgoing), outgoing, `the secret in ${secretEnv}`);
      });
      return undefined;
    },
  };
}
