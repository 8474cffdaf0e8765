import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import type { Sleep } from '../../../src/activities/clock.ts';
import { transient } from '../../../src/activities/failures.ts';
import { createLogChannel } from '../../../src/activities/notify/log.ts';
import type { NotificationChannel } from '../../../src/activities/notify/types.ts';
import {
  createWebhookChannel,
  webhookChannelConfigSchema,
} from '../../../src/activities/notify/webhook.ts';
import type { Notification } from '../../../src/activities/types.ts';
import { notificationOf } from '../../../src/process/notifications.ts';
import { Story } from '../../support/incidents.ts';
import { answer, closedUrl, listen } from '../server.ts';
import { activitiesWith, activityEnvironment, adapterDeps, webhookSecret } from '../support.ts';

function notification(id: string): Notification {
  const story = new Story().until('quickReview').hear({ kind: 'clock' }, 15);
  const said = notificationOf(story.state, story.last);
  if (!said) throw new Error('An escalation is told.');
  return { ...said, id };
}

const two = [notification('INC-1-1'), notification('INC-1-2')];

function webhook(name: string, url: string, timeout = '5s') {
  const config = { adapter: 'webhook', name, url, secretEnv: 'TEST_WEBHOOK', timeout };
  return createWebhookChannel(webhookChannelConfigSchema.parse(config), adapterDeps());
}

test('each message to each channel: signed, with its id, and in order', async () => {
  const { url, received } = await listen((_, response) => answer(response, 204));
  const lines: string[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line) => void lines.push(line) });
  const log = createLogChannel({ adapter: 'log' }, { logger });
  const { notify } = activitiesWith({ channels: [webhook('pager', url), log] });

  const { deliveries } = await activityEnvironment().execute(notify, two);

  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(['INC-1-1', 'INC-1-2']);
  const bodies = received.map(({ body, headers }) =>
    new Webhook(webhookSecret).verify(body, headers),
  );
  expect(bodies).toMatchObject([
    { id: 'INC-1-1', urgency: 'page', to: [{ id: 'reviewer', name: 'reviewer' }, {}, {}] },
    { id: 'INC-1-2', subject: two[1]?.subject, news: [] },
  ]);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { id: 'INC-1-1', to: ['reviewer', 'securityReviewer', 'incidentManager'] },
    { id: 'INC-1-2', msg: two[1]?.subject },
  ]);
  expect(deliveries.map(({ channel, outcome }) => `${channel} ${outcome}`).sort()).toEqual([
    'log delivered',
    'log delivered',
    'pager delivered',
    'pager delivered',
  ]);
});

test('no channel, no delivery', async () => {
  const { notify } = activitiesWith();
  expect(await activityEnvironment().execute(notify, two)).toEqual({ deliveries: [], onCall: [] });
});

test('a channel that fails for now is tried again, and holds nobody back', async () => {
  const good = await listen((_, response) => answer(response, 200));
  const busy = await listen((_, response, count) => {
    if (count === 2) answer(response, 429, '', { 'retry-after': '1' });
    else answer(response, 200);
  });
  const channels = [webhook('busy', busy.url), webhook('good', good.url)];
  const { notify } = activitiesWith({ channels });
  const { deliveries } = await activityEnvironment().execute(notify, two);
  expect(deliveries.every(({ outcome }) => outcome === 'delivered')).toBe(true);
  expect(good.received).toHaveLength(2);
  expect(busy.received.map(({ headers }) => headers['webhook-id'])).toEqual([
    'INC-1-1',
    'INC-1-2',
    'INC-1-2',
  ]);
});

test('a worker that dies has told nobody twice: the next one goes on', async () => {
  const good = await listen((_, response) => answer(response, 200));
  const { notify } = activitiesWith({ channels: [webhook('good', good.url)] });
  const first = activityEnvironment();
  await first.execute(notify, two.slice(0, 1));
  const { deliveries } = await activityEnvironment(first.last()).execute(notify, two);
  expect(deliveries).toHaveLength(2);
  expect(good.received).toHaveLength(2);
});

test('a channel that refuses or is gone says so, with what to do', async () => {
  const refusing = await listen((_, response) => answer(response, 401));
  const gone = await closedUrl();
  const { notify } = activitiesWith({
    channels: [webhook('refusing', refusing.url), webhook('gone', gone)],
  });
  const { deliveries } = await activityEnvironment().execute(notify, two.slice(0, 1));
  const reasons = Object.fromEntries(deliveries.map(({ channel, reason }) => [channel, reason]));
  expect(reasons.gone).toMatch(/ECONNREFUSED/);
  expect(reasons.refusing).toMatch(/\(401\): check the secret in TEST_WEBHOOK/);
  expect(refusing.received).toHaveLength(1);
});

test('where the named channels fail, the others are tried at once', async () => {
  const refusing = await listen((_, response) => answer(response, 401));
  const other = await listen((_, response) => answer(response, 200));
  const { notify } = activitiesWith({
    channels: [webhook('pager', refusing.url), webhook('other', other.url)],
  });
  const urgent = { ...notification('INC-1-1'), channels: ['pager'] };
  const quiet = { ...notification('INC-1-2'), channels: ['other'] };
  const { deliveries } = await activityEnvironment().execute(notify, [urgent, quiet]);
  expect(
    deliveries.map(({ notification: id, channel, outcome }) => `${id} ${channel} ${outcome}`),
  ).toEqual(['INC-1-1 pager failed', 'INC-1-1 other delivered', 'INC-1-2 other delivered']);
});

describe('a channel that asks to wait for longer', () => {
  /** Busy for a minute until it has been waited for. */
  function busy() {
    const slept: (number | undefined)[] = [];
    const sent: string[] = [];
    const channel: NotificationChannel = {
      name: 'busy',
      async send({ id }) {
        if (slept.length === 0) throw transient('Busy', 'It takes no more for 60 s.', 60_000);
        sent.push(id);
        return undefined;
      },
    };
    const sleep: Sleep = async (milliseconds) => void slept.push(milliseconds);
    return { channel, sleep, slept, sent };
  }
  const told = async (sleep: Sleep, channels: NotificationChannel[], change: object = {}) => {
    const { notify } = activitiesWith({ channels, sleep });
    const message = { ...notification('INC-1-1'), ...change };
    return (await activityEnvironment().execute(notify, [message])).deliveries;
  };

  test('is waited for where nobody else has the message', async () => {
    const { channel, sleep, slept, sent } = busy();
    expect(await told(sleep, [channel])).toMatchObject([{ channel: 'busy', outcome: 'delivered' }]);
    expect(slept).toEqual([60_000]);
    expect(sent).toEqual(['INC-1-1']);
  });

  test.each([{}, { channels: ['busy'] }])(
    'holds nobody up who is told by another, %j',
    async (change) => {
      const good = await listen((_, response) => answer(response, 200));
      const { channel, sleep, slept, sent } = busy();
      const deliveries = await told(sleep, [channel, webhook('good', good.url)], change);
      expect(deliveries.map(({ channel: name, outcome }) => `${name} ${outcome}`)).toEqual([
        'good delivered',
        'busy failed',
      ]);
      expect([slept, sent]).toEqual([[], []]);
    },
  );
});

test('a receiver that hangs is left after the timeout', async () => {
  const { url } = await listen(() => undefined);
  const { notify } = activitiesWith({ channels: [webhook('hanging', url, '100ms')] });
  const { deliveries } = await activityEnvironment().execute(notify, two.slice(0, 1));
  expect(deliveries[0]).toMatchObject({
    outcome: 'failed',
    reason: expect.stringContaining('no answer within 100 ms'),
  });
});

test('what is not asked any more is not sent, by no channel, and that is on record', async () => {
  const sent: string[] = [];
  const channel = (name: string): NotificationChannel => ({
    name,
    send: async () => void sent.push(name),
  });
  let asks = 0;
  const { notify } = activitiesWith({
    channels: [channel('pager'), channel('mail')],
    stillAsked: async () => {
      asks += 1;
      return false;
    },
  });
  const message = { ...notification('INC-1-1'), channels: ['pager'] };
  const { deliveries } = await activityEnvironment().execute(notify, [message]);
  expect(sent).toEqual([]);
  expect(asks).toBe(1);
  expect(deliveries).toMatchObject([
    {
      channel: 'pager',
      outcome: 'outdated',
      reason: expect.stringContaining('not asked any more'),
    },
  ]);
});

test('a channel that comes back when the phase is over does not send what it asked', async () => {
  let tries = 0;
  const channel: NotificationChannel = {
    name: 'pager',
    send: async () => {
      tries += 1;
      throw transient('Unreachable', 'down');
    },
  };
  const { notify } = activitiesWith({
    channels: [channel],
    stillAsked: async () => tries === 0,
  });
  const { deliveries } = await activityEnvironment().execute(notify, [notification('INC-1-1')]);
  expect(tries).toBe(1);
  expect(deliveries).toMatchObject([{ outcome: 'outdated' }]);
});
