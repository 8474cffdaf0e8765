import { describe, expect, test } from 'vitest';
import {
  acknowledgementOf,
  isOutdated,
  type QuickAnswer,
  quickAnswersTo,
} from '../../src/process/answers.ts';
import { notificationOf } from '../../src/process/notifications.ts';
import { signalSchemas } from '../../src/process/signals.ts';
import { Story } from '../support/incidents.ts';

/** The card right after the last event, as a channel would have it. */
function cardOf(story: Story) {
  const said = notificationOf(story.state, story.last);
  if (!said) throw new Error(`Nobody is told of ${story.last.type}.`);
  return said.incident;
}

const answersOf = (story: Story): QuickAnswer[] => {
  const card = cardOf(story);
  return card.waitingFor.flatMap((wait) => quickAnswersTo(wait, 'abc123', card));
};

const labelsOf = (story: Story) => answersOf(story).map(({ label }) => label);

describe('what can be answered by one press', () => {
  test('the review, the deploy and the verification', () => {
    expect(labelsOf(new Story().until('quickFix'))).toEqual([]);
    expect(labelsOf(new Story().until('quickReview'))).toEqual([
      'Approve the sanity check',
      'Approve the security check',
    ]);
    expect(labelsOf(new Story().until('deploy'))).toEqual(['Deploy']);
    expect(labelsOf(new Story({ staging: true }).until('deploy'))).toEqual([
      'Deploy, staging first',
      'Deploy, skip staging',
    ]);
    expect(labelsOf(new Story().until('verify'))).toEqual([
      'Solved and healthy',
      'Not solved',
      'Passed',
      'Not passed',
    ]);
  });

  test('the review that is owed after a bypass', () => {
    const story = new Story().until('quickReview').say('reviewBypassed', {}, 0, 'inci').deploy();
    expect(labelsOf(story.say('systemVerified').say('quickVerified'))).toEqual([
      'Approve in retrospect',
      'Reject in retrospect',
    ]);
  });

  test('each is a whole body of its signal, within what buttons can hold', () => {
    for (const phase of ['quickReview', 'deploy', 'verify'] as const) {
      for (const { label, meaning, press } of answersOf(new Story().until(phase))) {
        expect(signalSchemas[press.signal].safeParse(press.body).success).toBe(true);
        expect(label.length).toBeLessThanOrEqual(75);
        expect(meaning.length).toBeLessThanOrEqual(300);
        expect(JSON.stringify(press).length).toBeLessThan(2_000);
      }
    }
  });
});

describe('an escalation', () => {
  const late = () => new Story().until('quickReview').hear({ kind: 'clock' }, 15);

  test('can be acknowledged while nobody has', () => {
    const story = late();
    expect(acknowledgementOf('abc123', cardOf(story))?.press).toMatchObject({
      signal: 'escalationAcknowledged',
      asked: story.state.watch.nextAt,
    });
    expect(acknowledgementOf('abc123', cardOf(new Story().until('quickReview')))).toBeNull();
  });

  test('is told to everyone once somebody has it in hand', () => {
    const story = late().say('escalationAcknowledged', { note: 'On it.' }, 16, 'ana');
    expect(notificationOf(story.state, story.last)).toMatchObject({
      kind: 'status',
      urgency: 'inform',
      recipients: ['everyone'],
      subject: 'ana has it in hand',
      intro: 'On it.',
      incident: { escalation: { acknowledged: { by: 'ana' } } },
    });
    expect(acknowledgementOf('abc123', cardOf(story))).toBeNull();
  });
});

describe('an answer to an earlier question', () => {
  test('of the attempt before is outdated, one to the question of now is not', () => {
    const story = new Story().until('quickReview');
    const [first] = answersOf(story);
    if (!first) throw new Error('The review has a quick answer.');
    expect(isOutdated(first.press, cardOf(story))).toBe(false);
    story.say('sanityChecked', { verdict: 'rejected' }, 5).say('fixReady', {}, 10);
    expect(story.state).toMatchObject({ phase: 'quickReview', attempt: 2 });
    expect(isOutdated(first.press, cardOf(story))).toBe(true);
  });

  test('that nobody asks any more is left to the process', () => {
    const [first] = answersOf(new Story().until('quickReview'));
    if (!first) throw new Error('The review has a quick answer.');
    expect(isOutdated(first.press, cardOf(new Story().until('deploy')))).toBe(false);
  });

  test('the acknowledgement of a level before is outdated', () => {
    const story = new Story().until('quickReview').hear({ kind: 'clock' }, 15);
    const first = acknowledgementOf('abc123', cardOf(story));
    story.hear({ kind: 'clock' }, 20);
    expect(first && isOutdated(first.press, cardOf(story))).toBe(true);
  });
});

test('a status is for the whole room and for each who takes part', () => {
  const assignments = { incidentManager: ['ana'], deployer: ['ben', 'ana'] };
  const story = new Story({ assignments }).say('incidentAborted', {}, 0, 'ana');
  expect(notificationOf(story.state, story.last)).toMatchObject({
    kind: 'status',
    recipients: ['everyone', 'ana', 'ben'],
  });
});
