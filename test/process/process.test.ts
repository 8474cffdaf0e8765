import { describe, expect, test } from 'vitest';
import { rollbackIsDue } from '../../src/process/consequences.ts';
import { type Message, restore } from '../../src/process/decide.ts';
import type { ServiceTerms } from '../../src/process/events.ts';
import { followUpsDue } from '../../src/process/followUps.ts';
import type { DeployQueue } from '../../src/process/lock.ts';
import { notificationOf } from '../../src/process/notifications.ts';
import type { MeasurementOutcome } from '../../src/process/outcomes.ts';
import { policySchema } from '../../src/process/policy.ts';
import { postMortemOf, renderPostMortem } from '../../src/process/postMortem.ts';
import { bytesOf } from '../../src/process/room.ts';
import { analysisDueOfRollback, nextStep } from '../../src/process/steps.ts';
import { viewOf } from '../../src/process/view.ts';
import { waitingFor } from '../../src/process/waiting.ts';
import { at, deployed, measured, rawSignal, Story, signal } from '../support/incidents.ts';

const refusal = (story: Story) => {
  expect(story.last.type).toBe('signalRefused');
  return story.last.type === 'signalRefused' ? story.last.data.code : null;
};

describe('the straight way', () => {
  test('goes through the six phases to closed', () => {
    const story = new Story().until('end');
    expect(story.state.status).toBe('closed');
    expect(story.state.phases.map(({ phase }) => phase)).toEqual([
      'declaration',
      'quickFix',
      'quickReview',
      'deploy',
      'verify',
      'postMortem',
    ]);
    expect(viewOf(story.state).checklist.every(({ done }) => done)).toBe(true);
    expect(waitingFor(story.state)).toEqual([]);
  });

  test('is declared at once by a caller who can document it', () => {
    const declaration = { problem: 'p', impact: 'i', reason: 'p1_severity' } as const;
    const story = new Story({}, { declaration });
    expect(waitingFor(story.state).map(({ role }) => role)).toEqual(['priorityAssessor']);
  });

  test('lets the roles of a phase answer in any order', () => {
    const story = new Story().say('priorityAssessed').say('incidentDeclared');
    expect(story.state.phase).toBe('quickFix');
  });

  test('goes to staging first, unless the deployer skips it', () => {
    const story = new Story({ staging: true }).until('deploy');
    story.say('deployAuthorized', { skipStaging: false });
    expect(nextStep(story.state)).toEqual({ kind: 'deploy', environment: 'staging' });
    const skipped = new Story({ staging: true }).until('deploy').say('deployAuthorized');
    expect(nextStep(skipped.state)).toEqual({ kind: 'deploy', environment: 'production' });
  });

  test('owes follow-up tasks: the proper fix, and what was planned', () => {
    const story = new Story().until('postMortem');
    expect(followUpsDue(story.state).map(({ kind }) => kind)).toEqual(['properFix']);
    story.say('preventionPlanned');
    const kinds = followUpsDue(story.state).map(({ kind }) => kind);
    expect(kinds).toEqual(['properFix', 'prevention', 'improvement']);
    const tasks = followUpsDue(story.state).map((task) => ({
      ...task,
      id: `F-${task.kind}`,
      tracker: 'incident',
    }));
    story.hear({ kind: 'followUpsFiled', tasks });
    expect(followUpsDue(story.state)).toEqual([]);
    expect(story.state.checklist.properFixFollowUp?.evidence).toBe('F-properFix');
  });
});

describe('the ways back', () => {
  test('a rejected check makes every check of the next attempt anew', () => {
    const story = new Story().until('quickReview').say('securityChecked');
    story.say('sanityChecked', { verdict: 'rejected', note: 'It drops a table.' });
    expect(story.state).toMatchObject({ phase: 'quickFix', attempt: 2 });
    story.say('fixReady', { ref: 'v43' });
    expect(waitingFor(story.state).map(({ role }) => role)).toEqual([
      'reviewer',
      'securityReviewer',
    ]);
  });

  test('a failed deploy leads back', () => {
    const story = new Story().until('deploy').deploy('failed');
    expect(story.state).toMatchObject({ phase: 'quickFix', attempt: 2, status: 'open' });
  });

  test('a failed deploy to staging never reaches production', () => {
    const story = new Story({ staging: true }).until('deploy');
    story
      .say('deployAuthorized', { skipStaging: false })
      .hear({ kind: 'deployStarted', environment: 'staging', ref: 'v42' })
      .hear({
        kind: 'deployFinished',
        environment: 'staging',
        ref: 'v42',
        result: deployed('failed'),
      });
    expect(story.state).toMatchObject({ phase: 'quickFix', attempt: 2 });
    expect(nextStep(story.state)).toBeNull();
  });

  test('a failed verification rolls back first, where the policy says so', () => {
    const story = new Story({ rollback: true }).until('verify').say('quickVerified', {
      passed: false,
    });
    expect(story.state.phase).toBe('verify');
    expect(waitingFor(story.state)).toEqual([]);
    story.hear({ kind: 'rollbackStarted', ref: 'v42' });
    story.hear({ kind: 'rollbackFinished', ref: 'v42', result: deployed('succeeded') });
    expect(story.state).toMatchObject({ phase: 'quickFix', attempt: 2 });
  });

  test.each([
    ['not solved', { solved: false }],
    ['not healthy', { healthy: false }],
  ])('%s leads back at once where nothing can be rolled back', (_, body) => {
    const story = new Story().until('verify').say('systemVerified', body);
    expect(story.state).toMatchObject({ phase: 'quickFix', attempt: 2 });
  });
});

const production = { environment: 'production', after: 'deploy', attempt: 1 } as const;
const result = (outcome: MeasurementOutcome) =>
  ({ kind: 'monitored', ...production, result: measured(outcome) }) as const;

describe('measurements', () => {
  const monitored = (terms: Partial<ServiceTerms> = {}) =>
    new Story({ monitored: true, ...terms })
      .until('verify')
      .hear({ kind: 'monitoringStarted', ...production });

  test('are waited for after both have answered', () => {
    const story = monitored().say('systemVerified').say('quickVerified');
    expect(story.state.status).toBe('open');
    story.hear(result('passed'));
    expect(story.state).toMatchObject({ status: 'mitigated', phase: 'postMortem' });
  });

  test('that fail overrule an answer from before', () => {
    const story = monitored().say('systemVerified').say('quickVerified');
    story.hear(result('failed'));
    expect(story.state).toMatchObject({ phase: 'quickFix', attempt: 2 });
  });

  test('that fail do not overrule the monitor who has seen them, and that is on the record', () => {
    const story = monitored().hear(result('failed'));
    expect(story.state.phase).toBe('verify');
    story.say('systemVerified');
    expect(story.last.data).toMatchObject({ againstMeasurements: true });
    story.say('quickVerified');
    expect(story.state.status).toBe('mitigated');
  });

  test('that fail lead back at once where the policy says so', () => {
    const policy = policySchema.parse({ onFailedAnalysis: 'rollback' });
    const story = monitored({ policy, rollback: true }).hear(result('failed'));
    expect(rollbackIsDue(story.state)).toBe(true);
    story.hear({ kind: 'rollbackStarted', ref: 'v42' });
    story.hear({ kind: 'rollbackFinished', ref: 'v42', result: deployed('succeeded') });
    expect(story.state).toMatchObject({ phase: 'quickFix', attempt: 2 });
    expect(analysisDueOfRollback(story.state)).toBe(1);
  });

  test.each(['inconclusive', 'error'] as const)(
    '%s are neither success nor failure: the monitor answers anew, knowing it',
    (outcome) => {
      const story = monitored().say('systemVerified').say('quickVerified').hear(result(outcome));
      expect(story.state.status).toBe('open');
      expect(waitingFor(story.state)).toMatchObject([
        { role: 'monitor', advice: expect.stringContaining('look yourself') },
      ]);
      expect(story.say('systemVerified').state.status).toBe('mitigated');
    },
  );

  test('that did not pass give the monitor a time of their own, then escalate', () => {
    const story = monitored().hear(result('failed'), 2);
    expect(waitingFor(story.state)).toMatchObject([
      { role: 'monitor', deadline: at(7), advice: expect.stringContaining('speak for no') },
      { role: 'tester', deadline: at(30) },
    ]);
    expect(story.ring(6.9).state.watch.level).toBe(0);
    expect(story.ring(7).state.watch.level).toBe(1);
    story.say('systemVerified', {}, 8);
    expect(story.last.data).toMatchObject({ late: true });
  });

  test('of staging lead back without touching production', () => {
    const story = new Story({ staging: true, stagingMonitored: true }).until('deploy');
    const staging = { ...production, environment: 'staging' } as const;
    story.say('deployAuthorized', { skipStaging: false });
    story.hear({ kind: 'deployStarted', environment: 'staging', ref: 'v42' });
    const succeeded = deployed('succeeded');
    story.hear({ kind: 'deployFinished', environment: 'staging', ref: 'v42', result: succeeded });
    expect(nextStep(story.state)).toEqual({ kind: 'analyse', environment: 'staging' });
    story.hear({ kind: 'monitoringStarted', ...staging });
    story.hear({ kind: 'monitored', ...staging, result: measured('failed') });
    expect(story.state).toMatchObject({ phase: 'quickFix', attempt: 2 });
    expect(story.state.deploys.map(({ environment }) => environment)).toEqual(['staging']);
  });

  test('of staging that say nothing certain ask the deployer again', () => {
    const story = new Story({ staging: true, stagingMonitored: true }).until('deploy');
    const staging = { ...production, environment: 'staging' } as const;
    story.say('deployAuthorized', { skipStaging: false });
    story.hear({ kind: 'deployStarted', environment: 'staging', ref: 'v42' });
    const succeeded = deployed('succeeded');
    story.hear({ kind: 'deployFinished', environment: 'staging', ref: 'v42', result: succeeded });
    story.hear({ kind: 'monitoringStarted', ...staging });
    story.hear({ kind: 'monitored', ...staging, result: measured('inconclusive') });
    expect(nextStep(story.state)).toBeNull();
    expect(waitingFor(story.state)).toMatchObject([
      { role: 'deployer', advice: expect.stringContaining('skipStaging') },
    ]);
    story.say('deployAuthorized', { skipStaging: true });
    expect(nextStep(story.state)).toEqual({ kind: 'deploy', environment: 'production' });
  });
});

describe('one deploy at a time', () => {
  test('a deploy that was overtaken is not begun, and its deployer is asked again', () => {
    const story = new Story().until('deploy').say('deployAuthorized');
    story.hear({ kind: 'deployStarted', environment: 'production', ref: 'v42' }, 3);
    const by = { incidentId: 'other', ref: 'v43', at: at(4) };
    story.hear({ kind: 'overtaken', environment: 'production', by }, 5);
    expect(story.state.deploys).toEqual([]);
    expect(nextStep(story.state)).toBeNull();
    expect(waitingFor(story.state)).toMatchObject([
      { role: 'deployer', since: at(5), advice: expect.stringContaining('v43') },
    ]);
    story.say('deployAuthorized', {}, 6);
    expect(story.last.data).not.toHaveProperty('late');
    expect(nextStep(story.state)).toEqual({ kind: 'deploy', environment: 'production' });
  });

  test('who holds and who waits is on the record while it matters', () => {
    const story = new Story().until('deploy').say('deployAuthorized');
    const party = { incidentId: 'other', ref: 'v43', since: at(1) };
    const queue: DeployQueue = { environment: 'production', holder: party, waiting: [] };
    const message: Message = { kind: 'deployQueueChanged', queue };
    expect(story.hear(message).last.type).toBe('deployAuthorized');
    story.hear({ kind: 'deployStarted', environment: 'production', ref: 'v42' });
    story.hear(message).hear(message);
    expect(story.types().filter((type) => type === 'deployQueueChanged')).toHaveLength(1);
    expect(viewOf(story.state).explanation).toContain('Waiting for the incident other');
  });
});

describe('a rollback that fails', () => {
  test('is told to the top at once, with what is known of production', () => {
    const story = new Story({ rollback: true }).until('verify').say('quickVerified', {
      passed: false,
    });
    story.hear({ kind: 'rollbackStarted', ref: 'v42' });
    story.hear({ kind: 'rollbackFinished', ref: 'v42', result: deployed('failed') });
    expect(story.state).toMatchObject({ phase: 'quickFix', attempt: 2, watch: { level: 2 } });
    expect(story.last).toMatchObject({
      type: 'escalated',
      data: { level: 2, reason: expect.stringContaining('most likely still runs v42') },
    });
    expect(notificationOf(story.state, story.last)).toMatchObject({ kind: 'escalation' });
  });
});

describe('preflight', () => {
  test('what fails is told to those who need it, and only news is recorded', () => {
    const story = new Story({ connected: true });
    const check = { environment: 'production', what: 'deploy', name: 'http' } as const;
    const bad = { ...check, ok: false, summary: 'The token is not accepted.' };
    story.hear({ kind: 'preflighted', checks: [bad] });
    expect(notificationOf(story.state, story.last)).toMatchObject({ recipients: ['deployer'] });
    const { length } = story.incident.timeline;
    story.hear({ kind: 'preflighted', checks: [bad] });
    expect(story.incident.timeline).toHaveLength(length);
    story.hear({ kind: 'preflighted', checks: [{ ...bad, ok: true, summary: 'Well.' }] });
    expect(notificationOf(story.state, story.last)).toBeNull();
  });
});

describe('the ends', () => {
  test('a priority other than P1 declines and names the normal process', () => {
    const story = new Story().say('priorityAssessed', { priority: 'P2' });
    expect(story.state.status).toBe('declined');
    expect(story.state.explanation).toMatch(/normal process/);
    expect(refusal(story.say('fixReady'))).toBe('incident_over');
  });

  test('abort works in each phase before mitigated, and not after', () => {
    for (const phase of ['quickFix', 'quickReview', 'deploy', 'verify'] as const) {
      expect(new Story().until(phase).say('incidentAborted').state.status).toBe('aborted');
    }
    expect(new Story().say('incidentAborted').state.status).toBe('aborted');
    expect(refusal(new Story().until('postMortem').say('incidentAborted'))).toBe('wrong_phase');
  });

  test('what a deploy brings after an abort is still on the record', () => {
    const story = new Story().until('deploy').say('deployAuthorized').say('incidentAborted');
    const result = deployed('succeeded');
    story.hear({ kind: 'deployFinished', environment: 'production', ref: 'v42', result });
    expect(story.last.type).toBe('deployFinished');
    expect(story.state.status).toBe('aborted');
  });

  test('a cancellation in Temporal is an abort', () => {
    expect(new Story().hear({ kind: 'cancelled' }).state.status).toBe('aborted');
  });
});

describe('the bypass', () => {
  test('goes to the deploy, and owes a review in retrospect before the incident can close', () => {
    const story = new Story().until('quickReview').say('reviewBypassed');
    expect(story.state.phase).toBe('deploy');
    story.deploy().say('systemVerified').say('quickVerified').finish();
    expect(story.state.status).toBe('mitigated');
    expect(waitingFor(story.state).map((wait) => wait.signal)).toEqual(['retrospectiveReviewed']);
    expect(story.say('retrospectiveReviewed').state.status).toBe('closed');
  });

  test('is for those whom the policy names', () => {
    const terms = { people: ['ana', 'bo'], assignments: { incidentManager: ['ana'] } };
    const story = new Story(terms);
    story.say('incidentDeclared', {}, 0, 'ana').say('priorityAssessed', {}, 0, 'bo');
    story.say('fixReady', {}, 0, 'bo').say('reviewBypassed', {}, 0, 'bo');
    expect(refusal(story)).toBe('not_your_role');
    expect(story.say('reviewBypassed', {}, 0, 'ana').state.phase).toBe('deploy');
  });

  test('holds for its own attempt only', () => {
    const story = new Story().until('quickReview').say('reviewBypassed').deploy('failed');
    story.say('fixReady', { ref: 'v43' });
    expect(story.state).toMatchObject({ phase: 'quickReview', attempt: 2 });
  });

  test('is not made up for by the one who made the fix or bypassed the review', () => {
    const story = new Story().until('quickReview').say('reviewBypassed').deploy();
    story.say('systemVerified').say('quickVerified');
    expect(refusal(story.say('retrospectiveReviewed', {}, 0, 'Bug-Fixer'))).toBe('four_eyes');
    expect(refusal(story.say('retrospectiveReviewed', {}, 0, 'inci'))).toBe('four_eyes');
  });
});

describe('four eyes', () => {
  test('whoever made the fix does not review it, however the name is written', () => {
    const story = new Story().until('quickReview');
    expect(refusal(story.say('sanityChecked', {}, 0, 'bug-fixer'))).toBe('four_eyes');
    expect(refusal(story.say('securityChecked', {}, 0, ' BUG-FIXER'))).toBe('four_eyes');
  });

  test('one person does not give both checks', () => {
    const story = new Story().until('quickReview').say('sanityChecked', {}, 0, 'zoe');
    expect(refusal(story.say('securityChecked', {}, 0, 'zoe'))).toBe('four_eyes');
  });
});

describe('refusals', () => {
  test('say why, and change nothing but the record', () => {
    const story = new Story();
    const before = story.state;
    expect(refusal(story.say('fixReady'))).toBe('wrong_phase');
    expect({ ...story.state, size: 0 }).toEqual({ ...before, size: 0 });
  });

  test('a completion is given once an attempt', () => {
    expect(refusal(new Story().say('incidentDeclared').say('incidentDeclared'))).toBe(
      'already_done',
    );
  });

  test('a role is for those who hold it, until it is handed over', () => {
    const terms = {
      people: ['ana', 'bo', 'zoe'],
      assignments: { incidentManager: ['ana'], tester: ['bo'] },
    };
    const story = new Story(terms);
    expect(refusal(story.say('incidentDeclared', {}, 0, 'bo'))).toBe('not_your_role');
    expect(refusal(story.say('incidentDeclared', {}, 0, 'mallory'))).toBe('not_your_role');
    expect(
      refusal(story.say('roleAssigned', { role: 'tester', person: 'mallory' }, 0, 'ana')),
    ).toBe('unknown_person');
    story.say('roleAssigned', { role: 'incidentManager', person: 'zoe' }, 0, 'ana');
    expect(refusal(story.say('incidentDeclared', {}, 0, 'ana'))).toBe('not_your_role');
    expect(story.say('incidentDeclared', {}, 0, 'zoe').last.type).toBe('incidentDeclared');
  });

  test.each([
    ['no object', 'hello', /one JSON object/],
    ['nobody', { ref: 'v1' }, /by:/],
    ['unknown fields', { by: 'x', text: 'hi', colour: 'red' }, /colour/],
    ['wrong types', { by: 'x', text: 7 }, /text:/],
  ])('a malformed signal is recorded: %s', (_, argument, reason) => {
    const story = new Story();
    story.hear(rawSignal('commented', argument));
    expect(refusal(story)).toBe('malformed');
    expect(story.last.data).toMatchObject({ reason: expect.stringMatching(reason) });
  });

  test('an approval that admits a loss of data is no approval', () => {
    const story = new Story().until('quickReview').say('sanityChecked', { noDataLoss: false });
    expect(refusal(story)).toBe('malformed');
  });

  test('a ref that looks like an option is refused', () => {
    expect(refusal(new Story().until('quickFix').say('fixReady', { ref: '--force' }))).toBe(
      'malformed',
    );
  });

  test('what the process shows itself is not checked by hand', () => {
    const story = new Story().until('postMortem');
    expect(refusal(story.say('checklistItemDone', { item: 'postMortemConducted' }))).toBe(
      'checked_by_process',
    );
  });

  test('a comment has its limit: the timeline must fit where it travels', () => {
    const story = new Story();
    for (let count = 0; count < 200; count += 1)
      story.say('commented', { text: 'x'.repeat(3_990) });
    expect(story.types()).toContain('refusalsCounted');
    expect(story.incident.counted.newest.at(-1)).toMatchObject({ code: 'timeline_full' });
    expect(story.until('end').state.status).toBe('closed');
    expect(bytesOf(story.incident.timeline)).toBeLessThan(700_000);
  });
});

describe('the review has 15 minutes', () => {
  const inReview = () => new Story().until('quickReview');
  const level = (story: Story) => story.state.watch.level;

  test('at 14:59 nobody is told, at 15:00 the first level is', () => {
    expect(level(inReview().ring(15 - 1 / 60))).toBe(0);
    expect(level(inReview().ring(15))).toBe(1);
  });

  test('each level has its own deadline, and the last is told again until somebody decides', () => {
    const story = inReview().ring(15).ring(19.9);
    expect(level(story)).toBe(1);
    expect(level(story.ring(20))).toBe(2);
    for (const minute of [25, 30, 35]) story.ring(minute);
    expect(story.state.watch).toMatchObject({ level: 2, repeat: 3 });
    story.say('sanityChecked', {}, 36).say('securityChecked', {}, 36);
    expect(story.state.phase).toBe('deploy');
    expect(level(story)).toBe(0);
  });

  test('an acknowledgement holds the next level back, and no longer than agreed', () => {
    const story = inReview().ring(15).say('escalationAcknowledged', {}, 16);
    const told = () => viewOf(story.ring(20).state).escalation.level;
    expect(told()).toBe(1);
    story.ring(26);
    expect(told()).toBe(2);
  });

  test('while nobody is waited for there is nothing to acknowledge', () => {
    const deploying = new Story().until('deploy').say('deployAuthorized');
    expect(refusal(deploying.say('escalationAcknowledged'))).toBe('nothing_to_acknowledge');
  });

  test('a decision at 14:59 is in time, and at 15:01 late', () => {
    const story = inReview().say('sanityChecked', {}, 15 - 1 / 60);
    expect(story.last.data).not.toHaveProperty('late');
    story.say('securityChecked', {}, 15 + 1 / 60);
    const checked = story.incident.timeline.find(({ type }) => type === 'securityChecked');
    expect(checked?.data).toHaveProperty('late', true);
    expect(story.state.phase).toBe('deploy');
  });

  test('lateness goes by when it was received, not by when it was read', () => {
    const message = signal('sanityChecked', undefined, { at: at(14.9) }, at(40));
    expect(inReview().hear(message, 40).last.data).not.toHaveProperty('late');
  });

  test('a sender whose clock is ahead does not become late by that', () => {
    const message = signal('sanityChecked', undefined, { at: at(90) }, at(5));
    const story = inReview().hear(message, 5);
    expect(story.last).toMatchObject({ at: at(5) });
    expect(story.last.data).not.toHaveProperty('late');
  });
});

describe('the record', () => {
  test('a timeline is all that is needed to go on', () => {
    const story = new Story().until('verify');
    expect(restore(story.incident.timeline)).toEqual(story.incident);
  });

  test('the post-mortem is drawn from it, and text by people stays text', () => {
    const story = new Story({}, { title: 'Down | <script>alert(1)</script>\n# Fake' }).until('end');
    const text = renderPostMortem(postMortemOf(story.incident));
    expect(text).toContain('# Post-mortem: Down \\| \\<script\\>');
    expect(text).not.toMatch(/^# Fake/m);
    expect(text).toContain('- [x] Tests added');
    expect(text).toContain('Indexes matter.');
  });
});
