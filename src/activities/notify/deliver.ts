import { Context } from '@temporalio/activity';
import pRetry from 'p-retry';
import { z } from 'zod';
import type { Notification } from '../../process/notifications.ts';
import type { Delivery } from '../../process/outcomes.ts';
import { isTransient, messageOf } from '../failures.ts';
import { type Heart, withHeartbeat } from '../heartbeat.ts';
import type { Addressed, NotificationChannel, Recipient } from './types.ts';

const deliverySchema = z.object({
  notification: z.string(),
  channel: z.string(),
  outcome: z.enum(['delivered', 'failed']),
  to: z.array(z.string()),
  reason: z.string().optional(),
  thread: z.record(z.string(), z.string()).optional(),
});

/** What the heartbeats carry: what has been tried is not tried again by a retry of the activity. */
type Progress = Delivery[];

/** A channel that is down must not hold back the next one for longer. In milliseconds. */
const patience = 15_000;
const tries = 3;

/**
 * Sends each message by each of its channels, side by side, and says how it went. Where none of the
 * channels that it names could deliver it, all the others are tried at once: nobody is missed because
 * one system is down.
 */
export async function deliver(
  notifications: readonly Notification[],
  channels: readonly NotificationChannel[],
  recipientOf: (name: string, notification: Notification) => Promise<Recipient>,
): Promise<Delivery[]> {
  const held = z.array(deliverySchema).safeParse(Context.current().info.heartbeatDetails).data;
  return await withHeartbeat<Progress, Delivery[]>((held ?? []) as Progress, async (heart) => {
    for (const notification of notifications) {
      const to = await Promise.all(
        notification.recipients.map((name) => recipientOf(name, notification)),
      );
      await deliverOne({ ...notification, to }, channels, heart);
    }
    return heart.details;
  });
}

async function deliverOne(
  message: Addressed,
  channels: readonly NotificationChannel[],
  heart: Heart<Progress>,
): Promise<void> {
  const named = channels.filter(({ name }) => message.channels?.includes(name) ?? true);
  await deliverBy(named, message, heart);
  const isThere = heart.details.some(
    ({ notification, outcome }) => notification === message.id && outcome === 'delivered',
  );
  if (!isThere) await deliverBy(channels, message, heart);
}

async function deliverBy(
  channels: readonly NotificationChannel[],
  message: Addressed,
  heart: Heart<Progress>,
): Promise<void> {
  const isTried = ({ name }: NotificationChannel) =>
    heart.details.some(
      ({ notification, channel }) => notification === message.id && channel === name,
    );
  await Promise.all(
    channels
      .filter((channel) => !isTried(channel))
      .map(async (channel) => {
        const delivery = await attempt(channel, message);
        heart.set([...heart.details, delivery]);
      }),
  );
}

async function attempt(channel: NotificationChannel, message: Addressed): Promise<Delivery> {
  const { cancellationSignal } = Context.current();
  const base = {
    notification: message.id,
    channel: channel.name,
    to: message.to.map(({ id }) => id),
  };
  try {
    const thread = await sendPatiently(channel, message, cancellationSignal);
    return { ...base, outcome: 'delivered', ...(thread && { thread }) };
  } catch (error) {
    cancellationSignal.throwIfAborted();
    return { ...base, outcome: 'failed', reason: `${channel.name}: ${messageOf(error)}` };
  }
}

/** Tries again what may pass, and waits as long as the other side asks, within its patience. */
const sendPatiently = (channel: NotificationChannel, message: Addressed, signal: AbortSignal) =>
  pRetry(() => channel.send(message, signal), {
    retries: tries - 1,
    minTimeout: 500,
    factor: 3,
    maxRetryTime: patience,
    signal,
    shouldRetry: ({ error }) => isTransient(error) && delayOf(error) < patience,
    onFailedAttempt: async ({ error }) => {
      const wait = delayOf(error);
      if (wait > 0 && wait < patience) await new Promise((resolve) => setTimeout(resolve, wait));
    },
  });

const delayOf = (error: unknown): number =>
  isTransient(error) && typeof error.nextRetryDelay === 'number' ? error.nextRetryDelay : 0;
