import type { SlackApps } from '../api/directory.ts';
import type { Config } from './schema.ts';

/** What the channels of Slack with buttons say of who may press them; undefined where there is none. */
export function createSlackApps(
  { notifications, people }: Config,
  secret: (name: string) => string,
): SlackApps | undefined {
  const variables = notifications.flatMap((channel) =>
    channel.adapter === 'slack' && channel.signingSecretEnv ? [channel.signingSecretEnv] : [],
  );
  if (variables.length === 0) return undefined;
  const members = new Map(
    Object.entries(people).flatMap(([id, { contacts }]) =>
      contacts.slack ? [[contacts.slack, id]] : [],
    ),
  );
  return {
    signingSecrets: [...new Set(variables)].map(secret),
    personOf: (memberId) => members.get(memberId) ?? null,
  };
}
