import { Context } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { Notification } from '../../process/notifications.ts';
import { isTransient, messageOf, permanent, transient } from '../failures.ts';
import { type Heart, withHeartbeat } from '../heartbeat.ts';
import type { NotificationChannel } from './types.ts';

const progressSchema = z.object({
  delivered: z.array(z.string()),
  refused: z.array(z.object({ key: z.string(), reason: z.string() })),
});
/**
 * What the heartbeats carry, by `<message id> <channel>`: what is there, and what will never be.
 * Neither is sent again by a retry.
 */
type Progress = z.infer<typeof progressSchema>;

interface Undelivered {
  reason: string;
  retryAfter: number | undefined;
}

/** Sends each message by each channel; a channel that fails does not hold back the others. */
export async function deliver(
  notifications: readonly Notification[],
  channels: readonly NotificationChannel[],
): Promise<void> {
  const held = progressSchema.safeParse(Context.current().info.heartbeatDetails).data;
  await withHeartbeat(held ?? { delivered: [], refused: [] }, async (heart) => {
    const undelivered = await Promise.all(
      channels.map((channel) => deliverBy(channel, notifications, heart)),
    );
    report(undelivered.flat(), heart.details);
  });
}

/** In order. After a failure that may pass, the channel rests until the retry. */
async function deliverBy(
  channel: NotificationChannel,
  notifications: readonly Notification[],
  heart: Heart<Progress>,
): Promise<Undelivered[]> {
  const signal = Context.current().cancellationSignal;
  for (const notification of notifications) {
    const key = `${notification.id} ${channel.name}`;
    if (isSettled(key, heart.details)) continue;
    try {
      await channel.send(notification, signal);
      heart.set({ ...heart.details, delivered: [...heart.details.delivered, key] });
    } catch (error) {
      signal.throwIfAborted();
      const reason = `${channel.name}: ${messageOf(error)}`;
      if (isTransient(error)) return [{ reason, retryAfter: delayOf(error) }];
      heart.set({ ...heart.details, refused: [...heart.details.refused, { key, reason }] });
    }
  }
  return [];
}

const isSettled = (key: string, { delivered, refused }: Progress): boolean =>
  delivered.includes(key) || refused.some((one) => one.key === key);

const delayOf = ({ nextRetryDelay }: ApplicationFailure): number | undefined =>
  typeof nextRetryDelay === 'number' ? nextRetryDelay : undefined;

function report(undelivered: readonly Undelivered[], { refused }: Progress): void {
  const reasons = [...undelivered, ...refused].map(({ reason }) => reason);
  if (reasons.length === 0) return;
  const message = `Not everybody was told. ${[...new Set(reasons)].join(' ')}`;
  if (undelivered.length === 0) throw permanent('Undelivered', message);
  const delays = undelivered.flatMap(({ retryAfter }) => retryAfter ?? []);
  throw transient('Undelivered', message, delays.length > 0 ? Math.min(...delays) : undefined);
}
