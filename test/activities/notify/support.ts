import type {
  Addressed,
  ChannelDeps,
  NotificationChannel,
  Recipient,
} from '../../../src/activities/notify/types.ts';
import type { IncidentEvent } from '../../../src/process/events.ts';
import { notificationOf } from '../../../src/process/notifications.ts';
import type { Delivery } from '../../../src/process/outcomes.ts';
import { evolve, type State } from '../../../src/process/state.ts';
import type { Story } from '../../support/incidents.ts';
import { activitiesWith, activityEnvironment, adapterDeps } from '../support.ts';

export const people: Record<string, Recipient> = {
  rachel: {
    id: 'rachel',
    name: 'Rachel Moore',
    contacts: { email: 'rachel@example.com', slack: 'U0RACHEL', pagerduty: 'PRACHEL1' },
    link: 'https://hotfix.example.com/do/rachel-token',
  },
  alex: {
    id: 'alex',
    name: 'Alex Kim',
    contacts: { email: 'alex@example.com', slack: 'U0ALEX' },
  },
};

export const recipientOf = (id: string): Recipient => people[id] ?? { id, name: id, contacts: {} };

/** Everything that people are told in the course of a story. */
export function messagesOf(story: Story): Addressed[] {
  let state: State | null = null;
  let untold: IncidentEvent[] = [];
  return story.incident.timeline.flatMap((event) => {
    state = evolve(state, event);
    const said = notificationOf(state, event, untold);
    untold = said ? [] : [...untold, event];
    return said ? [{ ...said, to: said.recipients.map(recipientOf) }] : [];
  });
}

/** What people were told last. */
export function messageOf(story: Story, change: Partial<Addressed> = {}): Addressed {
  const last = messagesOf(story).at(-1);
  if (!last) throw new Error('Nobody was told anything.');
  return { ...last, ...change };
}

export const channelDeps = (secrets: Record<string, string>): ChannelDeps => ({
  ...adapterDeps({
    secret: (name) => {
      const value = secrets[name];
      if (value === undefined) throw new Error(`${name} is not set.`);
      return value;
    },
  }),
  pageOf: (id) => `https://hotfix.example.com/incidents/${id}`,
});

export const never = new AbortController().signal;

/** Sends messages as the worker does, by one channel; answers what became of them. */
export const deliverBy = async (
  channel: NotificationChannel,
  ...messages: Addressed[]
): Promise<Delivery[]> => {
  const { notify } = activitiesWith({
    channels: [channel],
    recipientOf: async (id) => recipientOf(id),
  });
  const { deliveries } = await activityEnvironment().execute(notify, messages);
  return deliveries;
};
