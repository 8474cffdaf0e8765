import { describe, expect, test } from 'vitest';
import {
  createSlackChannel,
  slackChannelConfigSchema,
} from '../../../src/activities/notify/slack/channel.ts';
import type { Addressed, NotificationChannel } from '../../../src/activities/notify/types.ts';
import { pressSchema } from '../../../src/process/answers.ts';
import { Story } from '../../support/incidents.ts';
import { botToken, buttonsOf, channelId, startSlack } from '../../support/standins/slack.ts';
import { activitiesWith, activityEnvironment } from '../support.ts';
import { channelDeps, deliverBy, messageOf, messagesOf } from './support.ts';

function slack(url: string, change: object = {}, token = botToken) {
  const config = {
    adapter: 'slack',
    channel: '#incidents',
    tokenEnv: 'SLACK_TOKEN',
    signingSecretEnv: 'SLACK_SECRET',
    url,
    rateLimit: 100,
    timeout: '2s',
    ...change,
  };
  const deps = channelDeps({ SLACK_TOKEN: token, SLACK_SECRET: 'secret' });
  return createSlackChannel(slackChannelConfigSchema.parse(config), deps);
}

const assignments = { reviewer: ['rachel'], securityReviewer: ['alex'] };
const review = () => new Story({ assignments }).until('quickReview');
const late = () => review().hear({ kind: 'clock' }, 15);
const shownOf = (message: { blocks: unknown } | undefined) => JSON.stringify(message?.blocks);

describe('an incident', () => {
  test('is one message, renewed as it goes, with a reply for each message to people', async () => {
    const { url, cards, replies } = await startSlack();
    const story = late().say('escalationAcknowledged', {}, 16);
    story.say('sanityChecked', {}, 17).say('securityChecked', {}, 18).deploy();
    story.say('systemVerified').say('quickVerified').finish();
    const messages = messagesOf(story);
    const deliveries = await deliverBy(slack(url), ...messages);
    expect(deliveries.every(({ outcome }) => outcome === 'delivered')).toBe(true);
    expect(cards()).toHaveLength(1);
    expect(cards()[0]?.edits).toBe(messages.length - 1);
    expect(shownOf(cards()[0])).toContain('✅ Checkout is down');
    expect(replies().map(({ thread }) => thread)).toEqual(messages.map(() => cards()[0]?.ts));
    expect(new Set(deliveries.map(({ thread }) => JSON.stringify(thread)))).toEqual(
      new Set([JSON.stringify({ channel: channelId, ts: cards()[0]?.ts })]),
    );
  });

  test('has its timeline in the thread, as people wrote it', async () => {
    const { url, replies } = await startSlack();
    const story = late().say('commented', { text: 'It is the *index* <!channel>\nof orders' }, 15);
    story.say('sanityChecked', { verdict: 'rejected', note: 'Drops a table' }, 17);
    await deliverBy(slack(url), messageOf(story));
    const lines = '03:15 inci, commented: It is the *index* <!channel> of orders\n';
    const said = replies().at(-1)?.blocks as { text?: { type: string; text: string } }[];
    expect(said.map(({ text }) => text)).toContainEqual({
      type: 'plain_text',
      text: `${lines}03:17 rachel, sanity checked: rejected: Drops a table (late)`,
    });
  });

  test('is found again by the next worker, by what the last message answered', async () => {
    const { url, cards, replies } = await startSlack();
    const [first] = await deliverBy(slack(url), messageOf(review()));
    const threads = { slack: first?.thread ?? {} };
    await deliverBy(slack(url), messageOf(late(), { threads }));
    expect(cards()).toHaveLength(1);
    expect(cards()[0]?.edits).toBe(1);
    expect(replies()).toHaveLength(2);
  });

  test('is posted anew where somebody has removed its message', async () => {
    const { url, cards, remove, replies } = await startSlack();
    const channel = slack(url);
    await deliverBy(channel, messageOf(review()));
    remove(cards()[0]?.ts ?? '');
    const [delivery] = await deliverBy(channel, messageOf(late()));
    expect(cards()).toHaveLength(1);
    expect(delivery?.thread).toEqual({ channel: channelId, ts: cards()[0]?.ts });
    expect(replies().at(-1)?.thread).toBe(cards()[0]?.ts);
  });

  test('has one message though its first two are sent side by side', async () => {
    const { url, cards, replies } = await startSlack();
    const channel = slack(url);
    await Promise.all([
      deliverBy(channel, messageOf(review())),
      deliverBy(channel, messageOf(late())),
    ]);
    expect(cards()).toHaveLength(1);
    expect(replies()).toHaveLength(2);
  });

  test('is not taken back to an earlier state by a message that comes late', async () => {
    const { url, cards } = await startSlack();
    const channel = slack(url);
    await deliverBy(channel, messageOf(late()));
    await deliverBy(channel, messageOf(review()));
    expect(shownOf(cards()[0])).toContain('Escalated to level 1');
    expect(cards()[0]?.edits).toBe(0);
  });

  test('is told once though Slack’s answer was lost', async () => {
    const { url, cards, replies } = await startSlack();
    // Two workers: the second one tries again what the first one did not hear of.
    await deliverBy(slack(url), messageOf(late()));
    await deliverBy(slack(url), messageOf(late()));
    expect(cards()).toHaveLength(1);
    expect(replies()).toHaveLength(1);
  });
});

describe('what is shown', () => {
  test('who has to act is mentioned, and by name where Slack does not know them', async () => {
    const { url, replies } = await startSlack();
    await deliverBy(slack(url), messageOf(late()));
    expect(replies()[0]?.text).toBe(
      '<@U0RACHEL> <@U0ALEX> incidentManager Quick review is late: level 1, reviewers and incident manager',
    );
    const informed = messageOf(late().say('escalationAcknowledged', { note: 'On it' }, 16));
    await deliverBy(slack(url), informed);
    expect(replies()[1]?.text).toBe('inci has it in hand');
  });

  test('what can be answered by a press has a button, the rest leads to the form', async () => {
    const { url, cards } = await startSlack();
    await deliverBy(slack(url), messageOf(late()));
    const buttons = buttonsOf(cards()[0] ?? never());
    expect(buttons.map(({ text }) => text.text)).toEqual([
      'Approve the sanity check',
      'Approve the security check',
      'Acknowledge',
    ]);
    for (const { value } of buttons) {
      expect(pressSchema.parse(JSON.parse(value ?? ''))).toMatchObject({ incident: 'abc123' });
    }
    expect(buttons.map(({ confirm }) => confirm !== undefined)).toEqual([true, true, false]);
    expect(shownOf(cards()[0])).toContain('*Fix* v42 by bug-fixer\\nReverts the broken query.');
    const declared = messagesOf(new Story())[0] ?? never();
    await deliverBy(slack(url), { ...declared, incidentId: 'other' });
    expect(shownOf(cards()[1])).toContain('"url":"https://hotfix.example.com/incidents/other"');
    expect(shownOf(cards()[1])).toContain('Open the form');
    expect(buttonsOf(cards()[1] ?? never())).toEqual([]);
  });

  test('nobody’s own link is shown to the room', async () => {
    const { url, messages } = await startSlack();
    await deliverBy(slack(url), messageOf(late()));
    expect(JSON.stringify(messages)).not.toContain('rachel-token');
  });

  test('without a signing secret there are no buttons whose presses would be lost', async () => {
    const { url, cards } = await startSlack();
    await deliverBy(slack(url, { signingSecretEnv: undefined }), messageOf(late()));
    expect(buttonsOf(cards()[0] ?? never())).toEqual([]);
  });

  test('the longest texts fit, and none of them mentions anybody', async () => {
    const { url, messages } = await startSlack();
    const loud = '<!channel> & <@U0RACHEL> *bold* 🔥';
    const long = loud.repeat(300);
    const base = messageOf(late());
    const waitingFor = base.incident.waitingFor.map((wait) => ({
      ...wait,
      advice: long,
      assignees: [long, long],
    }));
    const message: Addressed = {
      ...base,
      title: long,
      subject: long,
      intro: long,
      incident: {
        ...base.incident,
        explanation: long,
        waitingFor,
        fix: { ref: 'v42', summary: long, by: long, changeUrl: 'https://x.example/?a=b&c=<|>' },
      },
      to: base.to.map((one) => ({ ...one, name: long })),
    };
    const [delivery] = await deliverBy(slack(url), message);
    expect(delivery).toMatchObject({ outcome: 'delivered' });
    const markup = messages.flatMap(({ text, blocks }) => [
      text,
      ...JSON.stringify(blocks).matchAll(/"type":"mrkdwn","text":"([^"]*)"/g),
    ]);
    expect(markup.join()).not.toContain('<!channel>');
  });
});

describe('Slack', () => {
  test('that is busy is waited for as long as it asks', async () => {
    const pause = { status: 429, headers: { 'retry-after': '1' } };
    const { url, cards, received, tooEarly } = await startSlack(pause);
    const [delivery] = await deliverBy(slack(url), messageOf(late()));
    expect(delivery).toMatchObject({ outcome: 'delivered' });
    expect(cards()).toHaveLength(1);
    expect(received).toHaveLength(3);
    expect(tooEarly()).toBe(0);
  });

  test('that asks for longer than an emergency has is left to the other channels at once', async () => {
    const { url, received } = await startSlack({ status: 429, headers: { 'retry-after': '60' } });
    const channel = slack(url);
    const room: NotificationChannel = { name: 'room', send: async () => undefined };
    const tell = async () => {
      const { notify } = activitiesWith({ channels: [channel, room] });
      const { deliveries } = await activityEnvironment().execute(notify, [messageOf(late())]);
      expect(deliveries).toContainEqual(
        expect.objectContaining({ channel: 'room', outcome: 'delivered' }),
      );
      return deliveries.find((one) => one.channel === 'slack');
    };
    const first = await tell();
    expect(first).toMatchObject({ outcome: 'failed', reason: 'slack: Slack is busy (429).' });
    const second = await tell();
    expect(second?.reason).toMatch(/^slack: Slack takes no more for \d+ s/);
    expect(received).toHaveLength(1);
  });

  test.each([
    ['invalid_auth', 'it does not accept the bot token in SLACK_TOKEN'],
    ['token_revoked', 'set the one of the installed app'],
    ['missing_scope', 'the app lacks the scope chat:write'],
    ['not_in_channel', 'the app is not in #incidents: invite it there'],
    ['channel_not_found', 'there is no channel #incidents that the app can see'],
    ['is_archived', 'the channel #incidents is archived'],
    ['msg_too_long', 'it does not take the message'],
    ['something_new', 'it refuses the request'],
  ])('that says %s is not asked again, and it is told what to do', async (error, words) => {
    const { url, received } = await startSlack(error);
    const [delivery] = await deliverBy(slack(url), messageOf(late()));
    expect(delivery?.outcome).toBe('failed');
    expect(delivery?.reason).toContain(`slack: Slack says ${error}: `);
    expect(delivery?.reason).toContain(words);
    expect(received).toHaveLength(1);
  });

  test('that is busy by another word, or fails for now, is tried again', async () => {
    const { url, cards, received } = await startSlack('ratelimited', { status: 503 });
    const [delivery] = await deliverBy(slack(url), messageOf(late()));
    expect(delivery).toMatchObject({ outcome: 'delivered' });
    expect(cards()).toHaveLength(1);
    expect(received).toHaveLength(4);
  });

  test('that is gone is told as such, and the token is in no message', async () => {
    const server = await startSlack();
    const [wrong] = await deliverBy(slack(server.url, {}, 'xoxb-wrong'), messageOf(late()));
    expect(wrong?.reason).toContain('invalid_auth');
    await server.close();
    const [gone] = await deliverBy(slack(server.url), messageOf(late()));
    expect(gone?.reason).toMatch(/^slack: Slack cannot be reached: .*ECONNREFUSED/);
    expect(JSON.stringify([wrong, gone])).not.toMatch(/xoxb/);
  });
});

const never = () => {
  throw new Error('There is none.');
};
