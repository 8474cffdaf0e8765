import type { Logger } from 'pino';
import { z } from 'zod';
import type { NotificationChannel } from './types.ts';

export const logChannelConfigSchema = z
  .strictObject({ adapter: z.literal('log') })
  .describe("Writes each message to this service's log");
export type LogChannelConfig = z.infer<typeof logChannelConfigSchema>;

export function createLogChannel(
  _config: LogChannelConfig,
  deps: { logger: Logger },
): NotificationChannel {
  return {
    name: 'log',
    async send(message) {
      const { to, id, incidentId, kind, urgency, subject, text } = message;
      const people = to.map((one) => one.id);
      deps.logger.info({ id, incidentId, kind, urgency, to: people, text }, subject);
      return undefined;
    },
  };
}
