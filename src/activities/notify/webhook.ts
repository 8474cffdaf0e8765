import { z } from 'zod';
import { duration } from '../../process/duration.ts';
import type { AdapterDeps } from '../deps.ts';
import { assertOk, call, type HttpCall } from '../http.ts';
import { createSigner } from '../webhook.ts';
import type { NotificationChannel } from './types.ts';

export const webhookChannelConfigSchema = z
  .strictObject({
    adapter: z.literal('webhook'),
    name: z.string().trim().min(1).max(100).describe('How this channel is called in messages'),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https url' })
      .describe('Receives each message as a signed POST'),
    secretEnv: z
      .string()
      .min(1)
      .describe('The environment variable with the Standard Webhooks secret of the signature'),
    timeout: duration
      .refine((value) => value >= 100 && value <= 60_000, { error: 'must be from 100ms to 1m' })
      .prefault('10s')
      .describe('For each request'),
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
  return {
    name,
    async send({ threads: _threads, to, ...notification }, signal) {
      const people = to.map(({ id, name: called, link }) => ({ id, name: called, link }));
      const body = JSON.stringify({ ...notification, to: people });
      const headers = { 'content-type': 'application/json', ...sign(notification.id, body) };
      const outgoing: HttpCall = {
        whom: `The webhook ${name}`,
        url,
        method: 'POST',
        headers,
        body,
        timeout,
        signal,
      };
      assertOk(await call(outgoing), outgoing, `the secret in ${secretEnv}`);
      return undefined;
    },
  };
}
