import type { Notification } from '../../process/notifications.ts';
import type { AdapterDeps } from '../deps.ts';

/** Where a person is reached, by channel; what is not there cannot be used. */
export interface Contacts {
  email?: string | undefined;
  /** The member id in Slack, such as `U012AB3CD`. */
  slack?: string | undefined;
  /** The user id in PagerDuty, such as `P1A2B3C`. */
  pagerduty?: string | undefined;
}

/** A person who is told; a role that nobody holds is a recipient without contacts. */
export interface Recipient {
  id: string;
  name: string;
  contacts: Contacts;
  /** Where this person does the one task that is asked of them. */
  link?: string | undefined;
}

/** A message with the people it is for. */
export interface Addressed extends Notification {
  to: Recipient[];
}

/** What the channels' factories are given. */
export interface ChannelDeps extends AdapterDeps {
  /** Where people look at an incident, if anything shows it. */
  pageOf: (incidentId: string) => string | undefined;
}

/** One way to reach people. */
export interface NotificationChannel {
  /** Unique among the channels; what was delivered is remembered by it. */
  readonly name: string;
  /** Whether a message is for this channel at all; without it, each is. */
  takes?(message: Addressed): boolean;
  /** Whether it can reach this person; without it, it tells a room. */
  reaches?(recipient: Recipient): boolean;
  /**
   * Delivers one message; answers what it has to be told again with the incident's next message, such
   * as a thread (`threads` of the message). Throws an ApplicationFailure, retryable where a retry may
   * succeed; a message may come again after a lost answer, with the same id.
   */
  send(message: Addressed, signal: AbortSignal): Promise<Record<string, string> | undefined>;
}
