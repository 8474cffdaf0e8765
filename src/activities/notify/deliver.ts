import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import pRetry from 'p-retry';
import { z } from 'zod';
import type { Notification } from '../../process/notifications.ts';
import type { Delivery } from '../../process/outcomes.ts';
import type { Sleep } from '../clock.ts';
import { isTransient, messageOf, permanent } from '../failures.ts';
import { type Heart, withHeartbeat } from '../heartbeat.ts';
import type { StillAsked } from './still-asked.ts';
import type { Addressed, NotificationChannel, Recipient } from './types.ts';

const deliverySchema = z.object({
  notification: z.string(),
  channel: z.string(),
  outcome: z.enum(['delivered', 'failed', 'outdated']),
  to: z.array(z.string()),
  reason: z.string().optional(),
  thread: z.record(z.string(), z.string()).optional(),
});

export interface DeliveryDeps {
  channels: readonly NotificationChannel[];
  /** Who is behind a name in a message. */
  recipientOf: (name: string, notification: Notification) => Promise<Recipient>;
  stillAsked: StillAsked;
  sleep: Sleep;
}

/** What the heartbeats carry: what has been tried is not tried again by a retry of the activity. */
type Progress = Delivery[];

/** How a channel is tried: so often, and for so long, in milliseconds. */
interface Patience {
  tries: number;
  within: number;
}

/** A channel that is down must not hold back the next one for longer. */
const atFirst: Patience = { tries: 3, within: 15_000 };

/** While nobody has the message, a channel that asks to wait is waited for: late is better than never. */
const atLast: Patience = { tries: 20, within: 120_000 };

/**
 * Sends each message by each of its channels, side by side, and says how it went. Where none of the
 * channels that it names could deliver it, all the others are tried at once, and then those that asked
 * to wait are waited for: nobody is missed because one system is down.
 */
export async function deliver(
  notifications: readonly Notification[],
  deps: DeliveryDeps,
): Promise<Delivery[]> {
  const held = z.array(deliverySchema).safeParse(Context.current().info.heartbeatDetails).data;
  return await withHeartbeat<Progress, Delivery[]>((held ?? []) as Progress, async (heart) => {
    for (const notification of notifications) {
      const to = await Promise.all(
        notification.recipients.map((name) => deps.recipientOf(name, notification)),
      );
      await deliverOne({ ...notification, to }, deps, heart);
    }
    return heart.details;
  });
}

async function deliverOne(
  message: Addressed,
  { channels, stillAsked, sleep }: DeliveryDeps,
  heart: Heart<Progress>,
): Promise<void> {
  const attempt = attemptBy(message, stillAsked, sleep);
  const isOver = (channel: NotificationChannel) =>
    heart.details.some((one) => one.notification === message.id && one.channel === channel.name);
  const isThere = () =>
    heart.details.some((one) => one.notification === message.id && one.outcome !== 'failed');
  const record = (delivery: Delivery) => heart.set([...heart.details, delivery]);
  const able = channels.filter((channel) => !isOver(channel) && (channel.takes?.(message) ?? true));

  /** Those that ask to wait for longer are not on record yet. */
  const tryAll = async (some: readonly NotificationChannel[]): Promise<Attempt[]> => {
    const attempts = await Promise.all(
      some.map(async (channel) => {
        const made = await attempt(channel, atFirst);
        if (!made.isBusy) record(made.delivery);
        return made;
      }),
    );
    return attempts.filter(({ isBusy }) => isBusy);
  };

  const isNamed = ({ name }: NotificationChannel) => message.channels?.includes(name) ?? true;
  const busy = await tryAll(able.filter(isNamed));
  if (!isThere()) busy.push(...(await tryAll(able.filter((channel) => !isNamed(channel)))));
  const isMissed = !isThere();
  await Promise.all(
    busy.map(async ({ channel, delivery }) =>
      record(isMissed ? (await attempt(channel, atLast)).delivery : delivery),
    ),
  );
}

interface Attempt {
  channel: NotificationChannel;
  delivery: Delivery;
  /** It asks to be left alone for longer than it is waited for. */
  isBusy: boolean;
}

/** Sends a message by a channel; how that went is an answer, and no error. */
const attemptBy =
  (message: Addressed, stillAsked: StillAsked, sleep: Sleep) =>
  async (channel: NotificationChannel, patience: Patience): Promise<Attempt> => {
    const { cancellationSignal: signal } = Context.current();
    const base = {
      notification: message.id,
      channel: channel.name,
      to: message.to.filter((one) => channel.reaches?.(one) ?? true).map(({ id }) => id),
    };
    try {
      // Asked before each try: a channel that was down may be back when the phase is over.
      const send = async () => {
        if (await stillAsked(message)) return channel.send(message, signal);
        throw permanent('Outdated', 'not sent, since it is not asked any more.');
      };
      const thread = await retried(send, patience, sleep, signal);
      const delivery: Delivery = { ...base, outcome: 'delivered', ...(thread && { thread }) };
      return { channel, delivery, isBusy: false };
    } catch (error) {
      signal.throwIfAborted();
      const reason = `${channel.name}: ${messageOf(error)}`;
      const isBusy = delayOf(error) >= patience.within;
      const outcome = isOutdated(error) ? 'outdated' : 'failed';
      return { channel, delivery: { ...base, outcome, reason }, isBusy };
    }
  };

const isOutdated = (error: unknown): boolean =>
  error instanceof ApplicationFailure && error.type === 'Outdated';

/** Tries again what may pass, and waits as long as the other side asks, within its patience. */
const retried = <T>(
  work: () => Promise<T>,
  { tries, within }: Patience,
  sleep: Sleep,
  signal: AbortSignal,
): Promise<T> =>
  pRetry(work, {
    retries: tries - 1,
    minTimeout: 500,
    maxTimeout: 5_000,
    factor: 3,
    maxRetryTime: within,
    signal,
    shouldRetry: ({ error }) => isTransient(error) && delayOf(error) < within,
    onFailedAttempt: async ({ error }) => {
      const wait = delayOf(error);
      if (wait > 0 && wait < within) await sleep(wait, signal);
    },
  });

/** How long a failure asks to wait, in milliseconds. */
const delayOf = (error: unknown): number =>
  isTransient(error) && typeof error.nextRetryDelay === 'number' ? error.nextRetryDelay : 0;
