import { describe, expect, test } from 'vitest';
import { restore, rotasToAskFor, type SignalMessage } from '../../src/process/decide.ts';
import type { ServiceTerms } from '../../src/process/events.ts';
import { gist } from '../../src/process/gist.ts';
import { type Notification, notificationOf } from '../../src/process/notifications.ts';
import type { Delivery, OnCallFound } from '../../src/process/outcomes.ts';
import { policySchema } from '../../src/process/policy.ts';
import { waitingFor } from '../../src/process/waiting.ts';
import { at, live, Story, signal } from '../support/incidents.ts';

const people = ['ana', 'ben', 'cy', 'inci'];
const terms: Partial<ServiceTerms> = {
  people: [...people, 'nina', 'bug-fixer', 'rachel', 'alex', 'tony'],
  assignments: { incidentManager: ['inci'], securityReviewer: ['alex'] },
  rotas: { reviewer: ['primary'], deployer: ['primary', 'second'] },
  onCall: ['primary', 'second', 'leads'],
};
const inReview = (change: Partial<ServiceTerms> = {}) =>
  new Story({ ...terms, ...change }).until('quickReview');

const delivery = (seq: number, ...to: string[]): Delivery => ({
  ...{ notification: `abc123-${seq}`, channel: 'mail', outcome: 'delivered', to },
});

/** What the activity answers to the message that asked last, which reached these people. */
function found(story: Story, answer: OnCallFound, to = answer.people, minute = 1): Story {
  const deliveries = [delivery(story.state.askedSeq, ...to)];
  return story.hear({ kind: 'onCallFound', found: answer, deliveries }, minute);
}

const said = (story: Story): Notification | null => notificationOf(story.state, story.last);
const assignees = (story: Story, role: string) =>
  waitingFor(story.state).find((wait) => wait.role === role)?.assignees;
const code = (story: Story) =>
  story.last.type === 'signalRefused' ? story.last.data.code : story.last.type;

describe('a message to a role with a rota', () => {
  test('is for the rota, which is asked when it is sent', () => {
    const story = inReview().hear({ kind: 'clock' }, 15);
    expect(said(story)).toMatchObject({
      recipients: ['primary', 'alex', 'inci'],
      rotas: { primary: null },
    });
  });

  test('carries what the incident knows of the rota', () => {
    const story = found(inReview(), live('primary', 'ana')).hear({ kind: 'clock' }, 15);
    expect(said(story)?.rotas).toEqual({ primary: { people: ['ana'], asOf: at(0) } });
    const unknown = found(inReview(), { ...live('primary'), source: 'none', problem: 'Down.' });
    expect(said(unknown.hear({ kind: 'clock' }, 15))?.rotas).toEqual({ primary: null });
  });

  test('asks those rotas, too, whose people may do something now', () => {
    const policy = policySchema.parse({ mayManage: ['second'], mayBypassReview: ['leads'] });
    const rotas = (story: Story) => Object.keys(said(story)?.rotas ?? {});
    const story = new Story({ ...terms, policy });
    story.hear({ kind: 'clock' }, 10);
    expect(rotas(story)).toEqual(['second']);
    story.until('quickReview').hear({ kind: 'clock' }, 30);
    expect(rotas(story)).toEqual(['primary', 'second', 'leads']);
  });

  test('of a level that names a rota is for that', () => {
    const [level] = policySchema.parse({}).escalation.quickReview.levels;
    if (!level) throw new Error('a level');
    const policy = policySchema.parse({});
    policy.escalation.quickReview.levels = [{ ...level, notify: ['leads'] }];
    const story = inReview({ policy }).hear({ kind: 'clock' }, 15);
    expect(said(story)).toMatchObject({ recipients: ['leads'], rotas: { leads: null } });
  });

  test('to everyone asks nobody', () => {
    const story = inReview().say('incidentAborted');
    expect(said(story)).toMatchObject({ kind: 'status' });
    expect(said(story)).not.toHaveProperty('rotas');
  });
});

describe('whoever is found on call', () => {
  test('holds the role beside those who are assigned to it', () => {
    const assignments = { ...terms.assignments, reviewer: ['cy'] };
    const story = found(inReview({ assignments }), live('primary', 'ana', 'cy'));
    expect(assignees(story, 'reviewer')).toEqual(['cy', 'ana']);
    expect(code(story.say('sanityChecked', {}, 2, 'ben'))).toBe('not_your_role');
    expect(code(story.say('sanityChecked', {}, 2, 'Ana'))).toBe('sanityChecked');
  });

  test('is told by the message that asked for them, and not again', () => {
    const story = found(inReview(), live('primary', 'ana'));
    expect(story.last).toMatchObject({ type: 'onCallFound', data: { newcomers: [] } });
    expect(said(story)).toBeNull();
  });

  test('is told what is waited for where another message found them', () => {
    const story = found(inReview(), live('primary', 'ana'));
    story.hear({ kind: 'onCallFound', found: live('primary', 'ana', 'ben'), deliveries: [] }, 5);
    expect(said(story)).toMatchObject({
      kind: 'phase',
      urgency: 'page',
      recipients: ['ben'],
      subject: 'On call in primary now: ben',
      text: expect.stringContaining('sanityChecked'),
    });
  });

  test('for a role that nobody waits for is not told yet', () => {
    const story = new Story(terms);
    story.hear({ kind: 'onCallFound', found: live('primary', 'ana'), deliveries: [] });
    expect(said(story)).toBeNull();
  });

  test('is told where what reached them was no request, or one of another phase', () => {
    const story = inReview();
    const before = story.incident.timeline.find(({ type }) => type === 'phaseStarted')?.seq ?? 0;
    story.hear({
      kind: 'onCallFound',
      found: live('primary', 'ana'),
      deliveries: [delivery(before, 'ana')],
    });
    expect(story.last).toMatchObject({ data: { newcomers: ['ana'] } });
  });

  test('is told again where no channel could deliver what asked for them', () => {
    const story = inReview();
    const failed = { ...delivery(story.state.askedSeq, 'ana'), outcome: 'failed' as const };
    story.hear({ kind: 'onCallFound', found: live('primary', 'ana'), deliveries: [failed] });
    expect(said(story)).toMatchObject({ recipients: ['ana'] });
  });

  test('and told to review may still answer after the next one has come on call', () => {
    const story = found(inReview(), live('primary', 'ana'));
    found(story, live('primary', 'ben'), ['ben'], 5);
    expect(assignees(story, 'reviewer')).toEqual(['ben']);
    expect(code(story.say('sanityChecked', {}, 6, 'ana'))).toBe('sanityChecked');
  });

  test('is still kept from reviewing their own fix', () => {
    const story = new Story(terms).until('quickFix').say('fixReady', {}, 0, 'ana');
    found(story, live('primary', 'ana'));
    expect(code(story.say('sanityChecked', {}, 2, 'ana'))).toBe('four_eyes');
  });

  test('is in the timeline once, until there is news', () => {
    const story = found(inReview(), live('primary', 'ana', 'ben'));
    const length = story.incident.timeline.length;
    found(story, { ...live('primary', 'ben', 'ana'), asOf: at(9) });
    expect(story.incident.timeline).toHaveLength(length);
    found(story, { ...live('primary', 'ana', 'ben'), source: 'lastGood', problem: 'It is down.' });
    expect(story.incident.timeline).toHaveLength(length + 1);
    expect(gist(story.last)).toBe(`primary: ana, ben on call as of ${at(0)}. It is down.`);
  });

  test('survives a continuation of the workflow', () => {
    const story = found(inReview(), live('primary', 'ana'));
    expect(restore(story.incident.timeline).state).toEqual(story.state);
  });

  test('in a rota of any name', () => {
    const odd = { ...terms, rotas: { reviewer: ['constructor'] }, onCall: ['constructor'] };
    const story = inReview(odd);
    expect(said(story.hear({ kind: 'clock' }, 15))?.rotas).toEqual({ constructor: null });
    expect(assignees(found(story, live('constructor', 'ana')), 'reviewer')).toEqual(['ana']);
  });
});

describe('a role whose rota', () => {
  const down: OnCallFound = { ...live('primary'), source: 'none', problem: 'The feed is down.' };

  test('was never answered is open to everyone who is known, and to nobody else', () => {
    const story = inReview();
    expect(assignees(story, 'reviewer')).toEqual([]);
    expect(code(story.say('sanityChecked', {}, 1, 'stranger'))).toBe('not_your_role');
    expect(code(story.say('sanityChecked', {}, 1, 'ben'))).toBe('sanityChecked');
  });

  test('cannot be asked is told to the incident manager', () => {
    const story = found(inReview(), down, []);
    expect(said(story)).toMatchObject({
      recipients: ['inci'],
      subject: 'Who is on call in primary is not known',
      text: expect.stringMatching(/^The feed is down\.\n\nA role is given.*roleAssigned/),
    });
    expect(gist(story.last)).toBe('primary: not known. The feed is down.');
  });

  test('has nobody on call now is told, and takes the place of what was known', () => {
    const story = found(inReview(), live('primary', 'ana'));
    found(story, live('primary'), []);
    expect(said(story)).toMatchObject({
      recipients: ['inci'],
      subject: 'Nobody is on call in primary',
    });
    expect(assignees(story, 'reviewer')).toEqual([]);
    expect(gist(story.last)).toBe('primary: nobody on call');
  });

  test('cannot be asked by one worker keeps what another has found', () => {
    const story = found(inReview(), live('primary', 'ana'));
    found(story, down, [], 5);
    expect(story.last.data).toMatchObject({
      ...{ people: ['ana'], source: 'lastGood', asOf: at(0), problem: 'The feed is down.' },
    });
    expect(said(story)).toBeNull();
  });

  test('is handed over by name holds no longer, and who was on call hears it', () => {
    const story = found(inReview(), live('primary', 'ana'));
    story.say('roleAssigned', { role: 'reviewer', person: 'cy' }, 2);
    expect(said(story)).toMatchObject({ recipients: ['cy', 'ana'] });
    expect(assignees(story, 'reviewer')).toEqual(['cy']);
    expect(code(story.say('sanityChecked', {}, 3, 'ana'))).toBe('not_your_role');
    found(story, live('primary', 'ben'), [], 4);
    expect(story.last).toMatchObject({ data: { newcomers: [] } });
    expect(code(story.say('sanityChecked', {}, 5, 'cy'))).toBe('sanityChecked');
  });
});

describe('before a signal is decided', () => {
  const asked = (story: Story, name: Parameters<typeof signal>[0], by: string, requestId = 'new') =>
    Object.keys(
      rotasToAskFor(story.incident, [signal(name, undefined, { by, requestId }) as SignalMessage]),
    );

  test('the rotas of its role are asked where its sender is not known to hold it', () => {
    const story = found(inReview(), live('primary', 'ana'));
    expect(asked(story, 'sanityChecked', 'ben')).toEqual(['primary']);
    expect(asked(story, 'sanityChecked', 'ana')).toEqual([]);
    found(story, live('second', 'cy'));
    expect(asked(story, 'deployAuthorized', 'ben')).toEqual(['primary', 'second']);
  });

  test('and those that the policy allows it to, and of the roles that it allows it to', () => {
    const policy = policySchema.parse({ mayBypassReview: ['leads', 'reviewer'] });
    const story = found(inReview({ policy }), live('primary', 'ana'));
    expect(asked(story, 'reviewBypassed', 'ben')).toEqual(['primary', 'leads']);
    expect(asked(story, 'reviewBypassed', 'ana')).toEqual([]);
  });

  test('no rota is asked where its answer could change nothing', () => {
    const story = found(inReview(), live('primary', 'ana'));
    expect(asked(story, 'sanityChecked', 'stranger')).toEqual([]);
    expect(asked(story, 'securityChecked', 'ben')).toEqual([]);
    expect(asked(story, 'reviewBypassed', 'ben')).toEqual([]);
    story.say('sanityChecked', {}, 1, 'ben');
    const refused = story.last.requestId ?? '';
    expect(asked(story, 'sanityChecked', 'ben', refused)).toEqual([]);
    story.say('incidentAborted', {}, 2);
    expect(asked(story, 'sanityChecked', 'ben')).toEqual([]);
  });

  test('a handed-over role asks nobody: it has one holder', () => {
    const story = found(inReview(), live('primary', 'ana'));
    story.say('roleAssigned', { role: 'reviewer', person: 'cy' }, 2);
    expect(asked(story, 'sanityChecked', 'ben')).toEqual([]);
  });

  test('who has come by themselves is told nothing of it, and others are', () => {
    const story = found(inReview(), live('primary', 'ana'));
    const answer = live('primary', 'ben', 'cy');
    story.hear({ kind: 'onCallFound', found: answer, deliveries: [], present: ['ben'] }, 5);
    expect(story.last).toMatchObject({ data: { newcomers: ['cy'] } });
    expect(code(story.say('sanityChecked', {}, 5, 'ben'))).toBe('sanityChecked');
  });
});

test('what the policy allows to a rota is for whoever is on call now, and only after it was asked', () => {
  const policy = policySchema.parse({ mayBypassReview: ['leads'] });
  const story = inReview({ policy });
  expect(code(story.say('reviewBypassed', {}, 1, 'cy'))).toBe('not_your_role');
  found(story, live('leads', 'cy'), [], 2);
  expect(code(story.say('reviewBypassed', {}, 3, 'ana'))).toBe('not_your_role');
  found(story, live('leads', 'ben'), [], 4);
  expect(code(story.say('reviewBypassed', {}, 5, 'cy'))).toBe('not_your_role');
  expect(story.say('reviewBypassed', {}, 6, 'ben').state.phase).toBe('deploy');
});

test('a rota that fails its preflight is told to the incident manager', () => {
  const story = new Story(terms).hear({
    kind: 'preflighted',
    checks: [
      {
        ...{ environment: 'production', what: 'rota', name: 'primary' },
        ...{ ok: false, summary: 'The token is not accepted.' },
      },
    ],
  });
  expect(said(story)).toMatchObject({
    recipients: ['inci'],
    subject: 'Not ready to tell who is on call: 1 of 1 checks failed',
  });
});
