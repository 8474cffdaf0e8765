import { z } from 'zod';
import { assertOk, call, type HttpCall } from '../../http.ts';
import { channelName, channelTimeout } from '../config.ts';
import { createPace, rateLimit } from '../pace.ts';
import type { ChannelDeps, NotificationChannel } from '../types.ts';
import { envelopeOf } from './card.ts';

export const teamsChannelConfigSchema = z
  .strictObject({
    adapter: z.literal('teams'),
    name: channelName('teams'),
    urlEnv: z
      .string()
      .min(1)
      .describe(
        'The environment variable with the address of the workflow "When a Teams webhook request is received"; whoever has it can post',
      ),
    timeout: channelTimeout,
    rateLimit: rateLimit(4),
  })
  .describe('Posts each message as a card in Microsoft Teams, by the webhook of a workflow');
export type TeamsChannelConfig = z.infer<typeof teamsChannelConfigSchema>;

/** A workflow's webhook knows no message again: after a lost answer a card may come twice. */
export function createTeamsChannel(
  config: TeamsChannelConfig,
  deps: ChannelDeps,
): NotificationChannel {
  const { name, urlEnv, timeout } = config;
  const url = workflowUrl(urlEnv, deps);
  const pace = createPace('Teams', config.rateLimit);
  return {
    name,
    async send(message, signal) {
      const request: HttpCall = {
        whom: 'The workflow of Teams',
        url,
        // Its path and query let post whoever has them.
        place: new URL(url).host,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: envelopeOf(message, deps.pageOf(message.incidentId)),
        timeout,
        signal,
      };
      await pace(signal, async () =>
        assertOk(await call(request), request, `the address in ${urlEnv}`),
      );
      return undefined;
    },
  };
}

export const isWorkflowUrl = (text: string): boolean =>
  /^https?:\/\//.test(text) && URL.canParse(text);

/** Throws a sentence where the variable holds no address. */
function workflowUrl(variable: string, deps: ChannelDeps): string {
  const url = deps.secret(variable);
  if (isWorkflowUrl(url)) return url;
  throw new Error(
    `${variable} is not the address of a workflow: it is the https url that Teams shows for it.`,
  );
}
