import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { createLogChannel } from '../../../src/activities/notify/log.ts';
import {
  createWebhookChannel,
  webhookChannelConfigSchema,
} from '../../../src/activities/notify/webhook.ts';
import type { Notification } from '../../../src/activities/types.ts';
import { answer, closedUrl, listen } from '../server.ts';
import { activitiesWith, activityEnvironment, adapterDeps, webhookSecret } from '../support.ts';

function notification(id: string): Notification {
  return {
    id,
    incidentId: 'INC-1',
    title: 'Checkout is down',
    service: 'shop',
    kind: 'escalation',
    recipients: ['rachel'],
    subject: 'The review is late',
    text: '- reviewer: please',
    at: '2026-01-01T00:00:00.000Z',
  };
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

  await activityEnvironment().execute(notify, two);

  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(['INC-1-1', 'INC-1-2']);
  expect(
    received.map(({ body, headers }) => new Webhook(webhookSecret).verify(body, headers)),
  ).toEqual(two);
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    two.map((one) => ({ level: 30, notification: one, msg: 'The review is late' })),
  );
});

test('no channel, no failure', async () => {
  const { notify } = activitiesWith();
  await expect(activityEnvironment().execute(notify, two)).resolves.toBeUndefined();
});

test('a channel that fails for now holds nobody back; the retry sends only what is missing', async () => {
  const good = await listen((_, response) => answer(response, 200));
  const busy = await listen((_, response, count) => {
    if (count === 2) answer(response, 429, '', { 'retry-after': '20' });
    else answer(response, 200);
  });
  const channels = [webhook('busy', busy.url), webhook('good', good.url)];
  const { notify } = activitiesWith({ channels });

  const first = activityEnvironment();
  await expect(first.execute(notify, two)).rejects.toMatchObject({
    type: 'Undelivered',
    nonRetryable: false,
    nextRetryDelay: 20_000,
    message: expect.stringMatching(/busy: The webhook busy at .* is busy \(429\)/),
  });
  expect(good.received).toHaveLength(2);

  await activityEnvironment(first.last()).execute(notify, two);
  expect(good.received).toHaveLength(2);
  expect(busy.received.map(({ headers }) => headers['webhook-id'])).toEqual([
    'INC-1-1',
    'INC-1-2',
    'INC-1-2',
  ]);
});

test('a channel that refuses is said at the end, is not tried again, and stays said', async () => {
  const refusing = await listen((_, response) => answer(response, 401));
  const gone = await closedUrl();
  const { notify } = activitiesWith({
    channels: [webhook('refusing', refusing.url), webhook('gone', gone)],
  });
  const first = activityEnvironment();
  await expect(first.execute(notify, two)).rejects.toMatchObject({
    type: 'Undelivered',
    nonRetryable: false,
    message: expect.stringMatching(
      /gone: .*ECONNREFUSED.*refusing: .*\(401\): check the secret in TEST_WEBHOOK/,
    ),
  });
  expect(refusing.received).toHaveLength(2);

  const mended = activitiesWith({ channels: [webhook('refusing', refusing.url)] });
  await expect(activityEnvironment(first.last()).execute(mended.notify, two)).rejects.toMatchObject(
    {
      type: 'Undelivered',
      nonRetryable: true,
      message: expect.stringContaining('refusing: '),
    },
  );
  expect(refusing.received).toHaveLength(2);
});

test('a receiver that hangs is left after the timeout', async () => {
  const { url } = await listen(() => undefined);
  const { notify } = activitiesWith({ channels: [webhook('hanging', url, '100ms')] });
  await expect(activityEnvironment().execute(notify, two)).rejects.toMatchObject({
    type: 'Undelivered',
    nonRetryable: false,
    message: expect.stringContaining('no answer within 100 ms'),
  });
});
