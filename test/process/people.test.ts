import { describe, expect, test } from 'vitest';
import type { Figures } from '../../src/process/figures.ts';
import { notificationOf } from '../../src/process/notifications.ts';
import type { Delivery } from '../../src/process/outcomes.ts';
import { type Escalation, policySchema } from '../../src/process/policy.ts';
import { viewOf } from '../../src/process/view.ts';
import { withinWorkingHours, workingHoursSchema } from '../../src/process/workingHours.ts';
import { at, Story } from '../support/incidents.ts';

const minute = 60_000;

const chain = (change: Partial<Escalation> = {}): Escalation => ({
  limit: 15 * minute,
  levels: ['one', 'two'].map((name) => ({
    name,
    notify: ['waiting'],
    acknowledgeWithin: 5 * minute,
    decideWithin: 10 * minute,
  })),
  repeatEvery: 5 * minute,
  repeat: 0,
  ...change,
});

const withReview = (quickReview: Escalation) =>
  new Story({ policy: policySchema.parse({ escalation: { quickReview } }) }).until('quickReview');

describe('escalation', () => {
  test('the chain begins again as often as the policy says, then the last level goes on', () => {
    const story = withReview(chain({ repeat: 1 }));
    const levels = [15, 20, 25, 30, 35, 40].map((minutes) => story.ring(minutes).state.watch.level);
    expect(levels).toEqual([1, 2, 1, 2, 2, 2]);
  });

  test('a level is told by its own channels', () => {
    const [one, two] = chain().levels;
    if (!one || !two) throw new Error('two levels');
    const story = withReview(chain({ levels: [{ ...one, channels: ['pager'] }, two] }));
    story.ring(15);
    expect(notificationOf(story.state, story.last)?.channels).toEqual(['pager']);
    story.ring(20);
    expect(notificationOf(story.state, story.last)).not.toHaveProperty('channels');
  });

  const told = (story: Story, outcome: 'failed' | 'delivered') =>
    story.hear(
      {
        kind: 'notified',
        deliveries: [
          { notification: `abc123-${story.state.askedSeq}`, channel: 'mail', to: ['ana'], outcome },
        ],
      },
      16,
    );

  test('whom no channel reached waits for no limit: the next level is told at once', () => {
    const story = told(withReview(chain()).ring(15), 'failed');
    expect(story.state.watch.level).toBe(2);
    expect(story.last.data).toMatchObject({ reason: expect.stringContaining('could not be') });
    expect(told(story, 'failed').last.type).toBe('notified');
    expect(told(withReview(chain()).ring(15), 'delivered').state.watch.level).toBe(1);
  });

  test('a phase whose people cannot be told escalates at once', () => {
    expect(told(withReview(chain()), 'failed').state.watch.level).toBe(1);
  });
});

describe('the review in retrospect', () => {
  const bypassed = () => new Story().until('quickReview').say('reviewBypassed');
  const day = 24 * 60;

  test('is due within a day of the bypass, whatever phase it is, and told again and again', () => {
    const story = bypassed().ring(day - 1, 'retrospective');
    expect(story.last.type).not.toBe('escalated');
    story.ring(day, 'retrospective');
    expect(story.last).toMatchObject({
      type: 'escalated',
      data: { wait: 'retrospective', level: 1, recipients: ['reviewer', 'securityReviewer'] },
    });
    expect(notificationOf(story.state, story.last)?.subject).toContain('review in retrospect');
    expect(story.state.watch.level).toBe(0);
    for (const hours of [4, 8]) story.ring(day + hours * 60, 'retrospective');
    expect(story.state.retrospectiveWatch).toMatchObject({ level: 2, repeat: 1 });
  });

  test('is told of no more when it is given', () => {
    const story = bypassed().deploy().say('systemVerified').say('quickVerified');
    story.say('retrospectiveReviewed').ring(3 * day, 'retrospective');
    expect(story.types()).not.toContain('escalated');
  });
});

describe('who must not be one person', () => {
  test('pairs of the policy, in either order', () => {
    const policy = policySchema.parse({ differentPeople: [['deployer', 'bugFixer']] });
    const story = new Story({ policy }).until('deploy');
    story.say('deployAuthorized', {}, 0, 'Bug-Fixer');
    expect(story.last.data).toMatchObject({ code: 'four_eyes' });
    expect(story.say('deployAuthorized').last.type).toBe('deployAuthorized');
  });
});

test('who leaves a role and who takes it are both told', () => {
  const story = new Story({ assignments: { tester: ['tina'] } }).say('roleAssigned');
  expect(notificationOf(story.state, story.last)).toMatchObject({
    recipients: ['zoe', 'tina'],
    text: expect.stringContaining('instead of tina'),
  });
});

const figuresIn = (story: Story, name: Figures['wait']) =>
  viewOf(story.state).figures.find(({ wait }) => wait === name);

test('how long it took until people knew, acknowledged and decided', () => {
  const story = withReview(chain());
  const delivered: Delivery = {
    notification: `abc123-${story.state.askedSeq}`,
    channel: 'mail',
    to: ['rachel'],
    outcome: 'delivered',
  };
  story.hear({ kind: 'notified', deliveries: [delivered] }, 2);
  story.ring(15).say('escalationAcknowledged', {}, 17);
  story.say('sanityChecked', {}, 20).say('securityChecked', {}, 21);
  expect(figuresIn(story, 'quickReview')).toEqual({
    wait: 'quickReview',
    attempt: 1,
    since: at(0),
    toTell: 2 * minute,
    toAcknowledge: 17 * minute,
    toDecide: 21 * minute,
  });
});

test('the review that a bypass owes is a wait of its own, and a message counts for its own', () => {
  const story = withReview(chain());
  const asked = story.state.askedSeq;
  story.say('reviewBypassed', {}, 3);
  const bypassed = story.incident.timeline.find(({ type }) => type === 'reviewBypassed');
  const delivered = (seq: number): Delivery => ({
    ...{ notification: `abc123-${seq}`, channel: 'mail', to: ['rachel'] },
    outcome: 'delivered',
  });
  story.hear({ kind: 'notified', deliveries: [delivered(asked)] }, 4);
  expect(figuresIn(story, 'quickReview')).toMatchObject({
    toTell: 4 * minute,
    toDecide: 3 * minute,
  });
  expect(figuresIn(story, 'retrospective')).toMatchObject({ toTell: null, toDecide: null });
  story.hear({ kind: 'notified', deliveries: [delivered(bypassed?.seq ?? 0)] }, 5);
  story.deploy().say('systemVerified').say('quickVerified');
  story.say('retrospectiveReviewed', {}, 33);
  expect(figuresIn(story, 'retrospective')).toEqual({
    ...{ wait: 'retrospective', attempt: 1, since: at(3) },
    ...{ toTell: 2 * minute, toAcknowledge: null, toDecide: 30 * minute },
  });
});

describe('working hours', () => {
  const hours = workingHoursSchema.parse({ timeZone: 'Europe/Berlin' });

  test.each([
    ['within them', '2026-11-24T10:30:00.000Z', '2026-11-24T10:30:00.000Z'],
    ['before them', '2026-11-24T03:00:30.000Z', '2026-11-24T08:00:00.000Z'],
    ['at their end', '2026-11-24T16:00:00.000Z', '2026-11-25T08:00:00.000Z'],
    ['on a Friday evening', '2026-11-27T19:00:00.000Z', '2026-11-30T08:00:00.000Z'],
    ['over the begin of summer time', '2026-03-27T20:00:00.000Z', '2026-03-30T07:00:00.000Z'],
    ['over the end of summer time', '2026-10-23T20:00:00.000Z', '2026-10-26T08:00:00.000Z'],
  ])('%s', (_, time, expected) => {
    expect(withinWorkingHours(time, hours)).toBe(expected);
  });

  test('a zone may be off by a quarter of an hour, and a day may begin at any minute', () => {
    const odd = workingHoursSchema.parse({ timeZone: 'Asia/Kathmandu', from: '09:07' });
    expect(withinWorkingHours('2026-11-24T00:00:00.000Z', odd)).toBe('2026-11-24T03:22:00.000Z');
  });

  test.each([
    [{ timeZone: 'Mars/Olympus' }, /time zone/],
    [{ timeZone: 'UTC', from: '9:00' }, /time of day/],
    [{ timeZone: 'UTC', from: '18:00', to: '09:00' }, /before it ends/],
  ])('%j are none', (input, message) => {
    expect(workingHoursSchema.safeParse(input).error?.message).toMatch(message);
  });
});
