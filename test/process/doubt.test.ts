import { describe, expect, test } from 'vitest';
import { changesOf } from '../../src/process/changes.ts';
import type { DeployResult } from '../../src/process/outcomes.ts';
import { deployStepOf } from '../../src/process/steps.ts';
import { waitingFor } from '../../src/process/waiting.ts';
import { deployed, Story } from '../support/incidents.ts';

/* What is made of a deploy whose end nobody saw, or that was not begun. */

const production = 'production';

const live = (version: string) => ({ version, restore: { revision: version } });

/** A story at its deploy, under way. */
const deploying = (ref = 'v2') =>
  new Story({ rollback: true })
    .until('quickFix')
    .say('fixReady', { ref })
    .say('sanityChecked')
    .say('securityChecked')
    .say('deployAuthorized')
    .hear({ kind: 'deployStarted', environment: production, ref });

const ended = (story: Story, ref: string, result: Partial<DeployResult>) =>
  story.hear(
    {
      kind: 'deployFinished',
      environment: production,
      ref,
      result: { ...deployed('unknown'), ...result },
    },
    5,
  );

const signals = (story: Story) => waitingFor(story.state).map(({ signal }) => signal);

describe('an outcome that is not known', () => {
  test('is asked of the deployer with a time of its own', () => {
    const story = ended(deploying(), 'v2', { finishedAt: '2026-11-24T03:05:00.000Z' });
    const [wait] = waitingFor(story.state);
    expect(wait).toMatchObject({ signal: 'deployConfirmed', since: '2026-11-24T03:05:00.000Z' });
    expect(story.state.watch).toMatchObject({ level: 0, nextAt: wait?.deadline });
  });

  test.each([
    [true, 'succeeded', 'verify'],
    [false, 'failed', 'quickFix'],
  ] as const)('is %s by the deployer’s word', (isLive, outcome, phase) => {
    const story = ended(deploying(), 'v2', {}).say('deployConfirmed', { live: isLive }, 6);
    expect(story.state.phase).toBe(phase);
    expect(changesOf(story.incident.timeline)).toMatchObject([{ ref: 'v2', outcome }]);
  });

  test('stays unknown on the record while nobody has looked', () => {
    const story = ended(deploying(), 'v2', {});
    expect(changesOf(story.incident.timeline)).toMatchObject([{ outcome: 'unknown' }]);
    expect(signals(story.say('deployAuthorized'))).toEqual(['deployConfirmed']);
  });
});

describe('a deploy that was not begun', () => {
  const held = () =>
    deploying().hear({ kind: 'refused', environment: production, reason: 'No right.' }, 5);

  test('is no change of production, and the fix stays approved', () => {
    const story = held();
    expect(changesOf(story.incident.timeline)).toEqual([]);
    expect(signals(story)).toEqual(['deployAuthorized']);
    expect(story.state.completed.sanityChecked).toBeDefined();
  });

  test('is one where the deployer made it by hand', () => {
    const story = held().say('deployConfirmed', { live: true }, 9);
    expect(story.state.phase).toBe('verify');
    expect(changesOf(story.incident.timeline)).toMatchObject([{ ref: 'v2', outcome: 'succeeded' }]);
    // The lock knows nothing of what was made past it.
    expect(deployStepOf(story.state, 'rollback', production).undoes).toBeUndefined();
  });
});

describe('a rollback goes back to the last version that worked', () => {
  interface Attempt {
    before?: string;
    /** Another incident has deployed since the attempt before. */
    upon?: string;
    rollback?: 'succeeded' | 'failed' | 'unknown';
  }

  /** Attempts that all go live and are no good; the answer is what the next rollback would go to. */
  const goesTo = (attempts: Attempt[]): string | undefined => {
    const story = new Story({ rollback: true }).until('quickFix');
    for (const [index, { before, upon, rollback }] of attempts.entries()) {
      const ref = `fix-${index}`;
      story.say('fixReady', { ref }).say('sanityChecked').say('securityChecked');
      story.say('deployAuthorized');
      story.hear({ kind: 'deployStarted', environment: production, ref });
      const result = {
        ...deployed('succeeded'),
        ...(before && { before: live(before) }),
        ...(upon && { upon }),
      };
      story.hear({ kind: 'deployFinished', environment: production, ref, result });
      if (index === attempts.length - 1) break;
      story.say('quickVerified', { passed: false });
      story.hear({ kind: 'rollbackStarted', ref });
      story.hear({ kind: 'rollbackFinished', ref, result: deployed(rollback ?? 'failed') });
    }
    return deployStepOf(story.state, 'rollback', production).before?.version;
  };

  test.each<[string, Attempt[], string | undefined]>([
    ['a first attempt', [{ before: 'v1' }], 'v1'],
    ['one over a failed one', [{ before: 'v1' }, { before: 'fix-0' }], 'v1'],
    [
      'one whose rollback is in doubt',
      [{ before: 'v1', rollback: 'unknown' }, { before: 'fix-0' }],
      'v1',
    ],
    ['a third', [{ before: 'v1' }, { before: 'fix-0' }, { before: 'fix-1' }], 'v1'],
    [
      'one that was taken back',
      [{ before: 'v1', rollback: 'succeeded' }, { before: 'v1b' }],
      'v1b',
    ],
    ['another incident’s between', [{ before: 'v1' }, { before: 'v9', upon: 'other' }], 'v9'],
    ['a system that cannot tell', [{}, {}], undefined],
  ])('%s', (_, attempts, version) => {
    expect(goesTo(attempts)).toBe(version);
  });
});
