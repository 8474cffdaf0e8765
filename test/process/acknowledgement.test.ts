import { describe, expect, test } from 'vitest';
import { acknowledgementOf } from '../../src/process/answers.ts';
import { rotasToAskFor } from '../../src/process/decide.ts';
import type { ServiceTerms } from '../../src/process/events.ts';
import { notificationOf } from '../../src/process/notifications.ts';
import { parseSignal } from '../../src/process/signals.ts';
import { viewOf } from '../../src/process/view.ts';
import { at, live, Story } from '../support/incidents.ts';

const assignments = {
  reviewer: ['rachel', 'ravi'],
  securityReviewer: ['alex'],
  incidentManager: ['inci'],
  deployer: ['tony'],
};

const inReview = (terms: Partial<ServiceTerms> = {}) =>
  new Story({ assignments, ...terms }).until('quickReview');
const late = (terms: Partial<ServiceTerms> = {}) => inReview(terms).ring(15);
const acknowledged = (story: Story, by: string, minute: number) =>
  story.say('escalationAcknowledged', {}, minute, by);

const said = (story: Story) => {
  const told = notificationOf(story.state, story.last);
  if (!told) throw new Error('Nobody is told.');
  return told;
};

const waits = (story: Story) =>
  Object.fromEntries(
    viewOf(story.state).waitingFor.map(({ role, escalationLevel, acknowledged: taken }) => [
      role,
      [escalationLevel, taken?.by ?? null],
    ]),
  );

const refusalOf = (story: Story) =>
  story.last.type === 'signalRefused' ? story.last.data : undefined;

describe('one reviewer has it in hand', () => {
  test('the other is told on, level by level, at the times of before', () => {
    const story = acknowledged(late(), 'rachel', 16);
    expect(waits(story)).toEqual({ reviewer: [1, 'rachel'], securityReviewer: [1, null] });
    expect(said(story).subject).toBe('rachel has it in hand: reviewer');

    story.ring(19.9);
    expect(story.last.type).toBe('escalationAcknowledged');
    story.ring(20);
    expect(story.last).toMatchObject({
      type: 'escalated',
      data: { level: 2, waitingFor: ['securityReviewer'] },
    });
    expect(said(story).recipients).toEqual(['alex', 'inci', 'tony']);
    expect(said(story).text).toContain('securityChecked');
    expect(said(story).text).not.toContain('sanityChecked');
    expect(waits(story)).toEqual({ reviewer: [1, 'rachel'], securityReviewer: [2, null] });
  });

  test('and is told again when the time to decide is over, from the level on that they had', () => {
    const story = acknowledged(late(), 'rachel', 16).ring(20).ring(25);
    story.ring(26);
    expect(story.last).toMatchObject({
      type: 'escalated',
      at: at(26),
      data: { level: 2, waitingFor: ['reviewer'] },
    });
    expect(said(story).text).not.toContain('securityChecked');
    expect(waits(story)).toEqual({ reviewer: [2, null], securityReviewer: [2, null] });
  });

  test('the other can take their own, and then nobody is told', () => {
    const story = acknowledged(acknowledged(late(), 'rachel', 16), 'alex', 17);
    expect(waits(story)).toEqual({ reviewer: [1, 'rachel'], securityReviewer: [1, 'alex'] });
    expect(viewOf(story.state).escalation).toEqual({
      level: 1,
      nextAt: at(26),
      acknowledged: { by: 'alex', at: at(17) },
    });
    story.ring(25.9);
    expect(story.last.by).toBe('alex');
    story.ring(26);
    expect(story.last).toMatchObject({ data: { level: 2, waitingFor: ['reviewer'] } });
  });

  test('who shares the task finds it taken', () => {
    const story = acknowledged(acknowledged(late(), 'rachel', 16), 'ravi', 17);
    expect(refusalOf(story)).toMatchObject({
      code: 'already_done',
      reason: `rachel has it in hand since ${at(16)}.`,
    });
  });

  test('a button is there as long as something late is in nobody’s hand', () => {
    const story = acknowledged(late(), 'rachel', 16);
    expect(acknowledgementOf('abc123', said(story).incident)).not.toBeNull();
    acknowledged(story, 'alex', 17);
    expect(acknowledgementOf('abc123', said(story).incident)).toBeNull();
  });
});

describe('who acknowledges', () => {
  test('without a task, but told by a level: all that is late', () => {
    const story = acknowledged(late().ring(20), 'inci', 21);
    expect(waits(story)).toEqual({ reviewer: [2, 'inci'], securityReviewer: [2, 'inci'] });
    expect(said(story).subject).toBe('inci has it in hand');
    story.ring(30.9);
    expect(story.last.by).toBe('inci');
  });

  test('without a task and not told is refused', () => {
    expect(refusalOf(acknowledged(late(), 'tony', 16))).toEqual({
      signal: 'escalationAcknowledged',
      code: 'not_your_role',
      reason:
        'Nothing that is waited for is asked of tony, but of reviewer, securityReviewer, incidentManager.',
      body: {},
    });
    expect(refusalOf(acknowledged(late().ring(20), 'tony', 21))).toBeUndefined();
  });

  test('where nobody holds a role: whoever comes', () => {
    const story = acknowledged(
      late({ assignments: { reviewer: ['rachel'], incidentManager: ['inci'] } }),
      'zoe',
      16,
    );
    expect(waits(story)).toEqual({ reviewer: [1, null], securityReviewer: [1, 'zoe'] });
  });

  test('whoever may have come on call since is asked for first', () => {
    const terms = {
      assignments: { securityReviewer: ['alex'], incidentManager: ['inci'] },
      rotas: { reviewer: ['primary'] },
      onCall: ['primary'],
    };
    const found = live('primary', 'ana');
    const story = late(terms).hear({ kind: 'onCallFound', found, deliveries: [] }, 15);
    const argument = { by: 'bo' };
    const parsed = parseSignal('escalationAcknowledged', argument, { at: at(16), requestId: 'r' });
    const message = { kind: 'signal' as const, name: 'escalationAcknowledged', parsed, argument };
    expect(Object.keys(rotasToAskFor(story.incident, [message]))).toEqual(['primary']);
  });
});

describe('before it is late', () => {
  test('whoever is asked can say that they have it, and it is late all the same', () => {
    const story = acknowledged(inReview(), 'rachel', 2);
    expect(waits(story)).toEqual({ reviewer: [0, 'rachel'], securityReviewer: [0, null] });
    story.ring(14.9);
    expect(story.last.type).toBe('escalationAcknowledged');
    story.ring(15);
    expect(story.last).toMatchObject({
      type: 'escalated',
      data: { level: 1, waitingFor: ['reviewer', 'securityReviewer'] },
    });
    expect(waits(story)).toEqual({ reviewer: [1, null], securityReviewer: [1, null] });
  });
});

test('what is asked anew is in nobody’s hand', () => {
  const story = acknowledged(inReview(), 'rachel', 2).say(
    'sanityChecked',
    { verdict: 'rejected' },
    3,
    'rachel',
  );
  expect(story.state).toMatchObject({ phase: 'quickFix', taken: [] });
});

test('a message about what somebody had in hand that reaches nobody: the next level at once', () => {
  const policy = inReview().state.terms.policy;
  const [first] = policy.escalation.quickReview.levels;
  if (!first) throw new Error('The review has levels.');
  const escalation = {
    ...policy.escalation,
    quickReview: { ...policy.escalation.quickReview, levels: [first, first, first] },
  };
  const story = acknowledged(late({ policy: { ...policy, escalation } }), 'rachel', 16).ring(26);
  const chain = story.state.taken[0];
  expect(chain?.watch.level).toBe(2);
  const notification = `abc123-${chain?.askedSeq}`;
  const lost = { notification, channel: 'mail', to: [], outcome: 'failed' as const };
  story.hear({ kind: 'notified', deliveries: [lost] }, 27);
  expect(story.last).toMatchObject({
    type: 'escalated',
    data: { level: 3, waitingFor: ['reviewer'], acknowledgement: chain?.seq },
  });
});

test('an incident that began when an acknowledgement was of all goes on like that', () => {
  const story = late();
  const argument = { by: 'tony' };
  const parsed = parseSignal('escalationAcknowledged', argument, { at: at(16), requestId: 'r' });
  if (!parsed.ok) throw new Error(parsed.problem);
  parsed.signal.isOfAll = true;
  story.hear({ kind: 'signal', name: 'escalationAcknowledged', parsed, argument }, 16);
  expect(waits(story)).toEqual({ reviewer: [1, 'tony'], securityReviewer: [1, 'tony'] });
  expect(story.state.watch.nextAt).toBe(at(26));
});
