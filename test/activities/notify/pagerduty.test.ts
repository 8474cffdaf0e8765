import { expect, test } from 'vitest';
import {
  createPagerDutyChannel,
  pagerDutyChannelConfigSchema,
} from '../../../src/activities/notify/pagerduty.ts';
import { Story } from '../../support/incidents.ts';
import { integrationKey, startPagerDuty } from '../../support/standins/pagerduty.ts';
import { channelDeps, deliverBy, messageOf, messagesOf } from './support.ts';

function pagerDuty(url: string, key = integrationKey) {
  const config = { adapter: 'pagerduty', url, routingKeyEnv: 'PD_KEY', rateLimit: 100 };
  return createPagerDutyChannel(
    pagerDutyChannelConfigSchema.parse(config),
    channelDeps({ PD_KEY: key }),
  );
}

const assignments = { reviewer: ['rachel'], securityReviewer: ['alex'] };
const late = () => new Story({ assignments }).until('quickReview').hear({ kind: 'clock' }, 15);

test('an incident is one alert: triggered, acknowledged, resolved', async () => {
  const pd = await startPagerDuty();
  const channel = pagerDuty(pd.url);
  const story = late();
  await deliverBy(channel, messageOf(story));
  expect(pd.alerts.get('hotfix-abc123')).toBe('triggered');
  await deliverBy(channel, messageOf(story.say('escalationAcknowledged', {}, 16)));
  expect(pd.alerts.get('hotfix-abc123')).toBe('acknowledged');
  story.say('sanityChecked', {}, 17).say('securityChecked', {}, 18).deploy();
  const before = messagesOf(story).length;
  story.say('systemVerified').say('quickVerified');
  await deliverBy(channel, ...messagesOf(story).slice(before));
  expect(pd.alerts.size).toBe(0);
  expect(pd.events.map(({ event_action }) => event_action)).toEqual([
    'trigger',
    'acknowledge',
    'resolve',
  ]);
});

test('whoever is paged reads what is asked, of whom, until when, and where', async () => {
  const pd = await startPagerDuty();
  await deliverBy(pagerDuty(pd.url), messageOf(late()));
  expect(pd.events[0]).toMatchObject({
    dedup_key: 'hotfix-abc123',
    client_url: 'https://hotfix.example.com/incidents/abc123',
    payload: {
      summary: 'Quick review is late: level 1, reviewers and incident manager (Checkout is down)',
      severity: 'critical',
      source: 'shop',
      class: 'Quick review',
      custom_details: {
        waitingFor: [
          'Reviewer: rachel, was due at 03:15 UTC (15m)',
          'Security reviewer: alex, was due at 03:15 UTC (15m)',
        ],
      },
    },
  });
});

test('a title as long as there can be fits, and an ending resolves', async () => {
  const pd = await startPagerDuty();
  const channel = pagerDuty(pd.url);
  const title = '🔥'.repeat(150);
  const subject = '🔥'.repeat(600);
  const [delivery] = await deliverBy(channel, messageOf(late(), { title, subject }));
  expect(delivery).toMatchObject({ outcome: 'delivered' });
  const [event] = pd.events;
  const summary = event?.event_action === 'trigger' ? event.payload.summary : '';
  expect(summary).toMatch(/^(🔥)+…$/u);
  for (const ending of [
    new Story().say('incidentAborted'),
    new Story().say('priorityAssessed', { priority: 'P2' }),
    new Story().until('end'),
  ]) {
    await deliverBy(channel, messageOf(ending));
  }
  expect(pd.events.slice(1).map(({ event_action }) => event_action)).toEqual([
    'resolve',
    'resolve',
    'resolve',
  ]);
});

test('what means nothing to an alert is left to the other channels', async () => {
  const pd = await startPagerDuty();
  const bypassed = new Story().until('quickReview').say('reviewBypassed');
  const status = messagesOf(bypassed).find(({ kind }) => kind === 'status');
  const postMortem = messageOf(new Story().until('postMortem'));
  if (!status) throw new Error('Everyone is told of a bypass.');
  expect(postMortem).toMatchObject({ kind: 'phase', urgency: 'page' });
  expect(await deliverBy(pagerDuty(pd.url), status, postMortem)).toEqual([]);
  expect(pd.received).toEqual([]);
});

test('a 429 is waited for as long as is asked, and a 500 tried again', async () => {
  const pd = await startPagerDuty(
    { status: 429, headers: { 'retry-after': '1' } },
    { status: 500, body: 'oops' },
  );
  const [delivery] = await deliverBy(pagerDuty(pd.url), messageOf(late()));
  expect(delivery).toMatchObject({ outcome: 'delivered', channel: 'pagerduty' });
  expect(pd.received).toHaveLength(3);
  expect(new Set(pd.received.map(({ body }) => body)).size).toBe(1);
});

test('a key that PagerDuty does not know is told with its words, once, and never shown', async () => {
  const pd = await startPagerDuty();
  const wrong = 'f'.repeat(32);
  const [delivery] = await deliverBy(pagerDuty(pd.url, wrong), messageOf(late()));
  expect(delivery).toMatchObject({
    outcome: 'failed',
    reason:
      'pagerduty: PagerDuty refuses the event (400): "Event object is invalid: Invalid routing key" Check the integration key in PD_KEY.',
  });
  expect(pd.received).toHaveLength(1);
  expect(JSON.stringify(delivery)).not.toContain(wrong);
});

test('an outage of PagerDuty is a failure with a sentence', async () => {
  const gone = { status: 503, body: '' };
  const pd = await startPagerDuty(gone, gone, gone);
  const [delivery] = await deliverBy(pagerDuty(pd.url), messageOf(late()));
  expect(delivery).toMatchObject({
    outcome: 'failed',
    reason: expect.stringMatching(/^pagerduty: PagerDuty at http.* is busy \(503\)\.$/),
  });
  expect(pd.received).toHaveLength(3);
});
