import { describe, expect, test } from 'vitest';
import { analysesOf, bounded, lastKnownAnalyses } from '../../src/process/analyses.ts';
import { changesOf } from '../../src/process/changes.ts';
import type { MonitorProgress, MonitorResult, Point } from '../../src/process/outcomes.ts';
import { postMortemOf, renderPostMortem } from '../../src/process/postMortem.ts';
import { viewOf } from '../../src/process/view.ts';
import { at, deployed, measured, Story } from '../support/incidents.ts';

const monitored = { monitored: true, rollback: true };
const production = { environment: 'production', after: 'deploy', attempt: 1 } as const;

const progress = (points: Point[] = []): MonitorProgress => ({
  startedAt: at(12),
  measures: [
    {
      name: 'error-rate',
      adapter: 'prometheus',
      outcome: null,
      summary: 'The value is 0.01.',
      counts: { passed: points.length, failed: 0, inconclusive: 0, error: 0 },
      points,
      thresholds: [],
    },
  ],
});

const analyses = (story: Story, running?: MonitorProgress) =>
  analysesOf(story.incident.timeline, running);

/** Into the second attempt: the first one's measurements failed, and it was taken back. */
function secondAttempt(result: MonitorResult = measured('failed')): Story {
  return new Story(monitored)
    .until('verify')
    .hear({ kind: 'monitoringStarted', ...production }, 10)
    .hear({ kind: 'monitored', ...production, result }, 11)
    .say('systemVerified', { solved: false }, 12)
    .hear({ kind: 'rollbackStarted', ref: 'v42' }, 12)
    .hear({ kind: 'rollbackFinished', ref: 'v42', result: deployed('succeeded') }, 13);
}

describe('the analyses of an incident', () => {
  test('there are none before anything is measured', () => {
    expect(analyses(new Story(monitored).until('verify'), progress())).toEqual([]);
  });

  test('one that runs has what the heartbeats tell, and without any that it has begun', () => {
    const story = new Story(monitored)
      .until('verify')
      .hear({ kind: 'monitoringStarted', ...production }, 10);
    const point: Point = [0, 0.01, 'passed'];
    expect(analyses(story, progress([point]))).toEqual([
      {
        number: 1,
        attempt: 1,
        environment: 'production',
        after: 'deploy',
        state: 'running',
        outcome: null,
        startedAt: at(12),
        finishedAt: null,
        changes: [expect.objectContaining({ action: 'deploy', ref: 'v42', outcome: 'succeeded' })],
        measures: progress([point]).measures,
      },
    ]);
    expect(analyses(story)).toMatchObject([{ state: 'running', startedAt: at(10), measures: [] }]);
  });

  test('one that has finished has its result, whatever heartbeats are left', () => {
    const [analysis] = analyses(secondAttempt(), progress());
    const { outcome, measures, startedAt, finishedAt } = measured('failed');
    expect(analysis).toMatchObject({ state: 'finished', outcome, measures, startedAt, finishedAt });
  });

  test('each knows its attempt, and what was deployed and taken back in it', () => {
    const story = secondAttempt();
    expect(story.state.attempt).toBe(2);
    story
      .say('fixReady', { ref: 'v43' }, 20)
      .say('sanityChecked', {}, 21)
      .say('securityChecked', {}, 21)
      .deploy()
      .hear({ kind: 'monitoringStarted', ...production, attempt: 2 }, 25);
    expect(analyses(story, progress())).toMatchObject([
      {
        number: 1,
        attempt: 1,
        state: 'finished',
        changes: [
          { action: 'deploy', ref: 'v42' },
          { action: 'rollback', ref: 'v42', startedAt: at(12), finishedAt: at(13) },
        ],
      },
      { number: 2, attempt: 2, state: 'running', changes: [{ action: 'deploy', ref: 'v43' }] },
    ]);
  });

  test('staging and production are told apart', () => {
    const story = new Story({ ...monitored, staging: true }).until('deploy');
    story.say('deployAuthorized', { skipStaging: false });
    for (const environment of ['staging', 'production'] as const) {
      story
        .hear({ kind: 'deployStarted', environment, ref: 'v42' })
        .hear({ kind: 'deployFinished', environment, ref: 'v42', result: deployed('succeeded') })
        .hear({ kind: 'monitoringStarted', ...production, environment })
        .hear({ kind: 'monitored', ...production, environment, result: measured('passed') });
    }
    expect(analyses(story)).toMatchObject([
      { environment: 'staging', changes: [{ environment: 'staging' }] },
      { environment: 'production', changes: [{ environment: 'production' }] },
    ]);
  });

  test('one of a rollback goes on while the next fix is written, until the next deploy', () => {
    const watched = { ...production, after: 'rollback' } as const;
    const story = secondAttempt().hear({ kind: 'monitoringStarted', ...watched }, 14);
    story.say('fixReady', { ref: 'v43' }, 20);
    expect(analyses(story)).toMatchObject([
      {},
      { after: 'rollback', attempt: 1, state: 'running' },
    ]);
    story.say('sanityChecked', {}, 21).say('securityChecked', {}, 21).deploy();
    expect(analyses(story)).toMatchObject([{}, { state: 'cutShort' }]);
  });

  test('a deploy that was held is none', () => {
    const story = new Story().until('deploy').say('deployAuthorized');
    const by = { incidentId: 'other', ref: 'v43', at: at(4) };
    story
      .hear({ kind: 'deployStarted', environment: 'production', ref: 'v42' })
      .hear({ kind: 'overtaken', environment: 'production', by });
    expect(changesOf(story.incident.timeline)).toEqual([]);
  });

  test('one that the process did not wait for is cut short, and is not taken for the next', () => {
    const story = new Story(monitored)
      .until('verify')
      .hear({ kind: 'monitoringStarted', ...production }, 10)
      .hear({ kind: 'rollbackStarted', ref: 'v42' }, 12);
    expect(analyses(story, progress())).toMatchObject([
      { state: 'cutShort', outcome: null, finishedAt: at(12), measures: [] },
    ]);
    const aborted = new Story(monitored)
      .until('verify')
      .hear({ kind: 'monitoringStarted', ...production }, 10)
      .say('incidentAborted', {}, 11);
    expect(analyses(aborted)).toMatchObject([{ state: 'cutShort', finishedAt: at(11) }]);
  });

  test('while no worker answers there is what the last view and the heartbeats have', () => {
    const story = new Story(monitored).until('verify');
    const view = viewOf(story.state);
    expect(lastKnownAnalyses(view, null)).toEqual([]);
    expect(lastKnownAnalyses(view, progress())).toMatchObject([
      { number: null, attempt: 1, state: 'running', changes: [{ ref: 'v42' }] },
    ]);
    const monitoring = measured('passed');
    expect(lastKnownAnalyses({ ...view, monitoring }, null)).toMatchObject([
      { state: 'finished', outcome: 'passed' },
    ]);
  });

  test('points are bounded', () => {
    const points = Array.from({ length: 900 }, (_, index): Point => [index, index, 'passed']);
    const story = new Story(monitored)
      .until('verify')
      .hear({ kind: 'monitoringStarted', ...production }, 10);
    const [analysis] = analyses(story, progress(points)).map((one) => bounded(one, 50));
    expect(analysis?.measures[0]?.points.length).toBeLessThanOrEqual(50);
  });
});

describe('the post-mortem', () => {
  test('shows the plot of each analysis', () => {
    const report = renderPostMortem(postMortemOf(secondAttempt().incident));
    expect(report).toContain(
      '## Measurements\n\n![Attempt 1, production after the deploy: failed](/incidents/abc123/measurements.svg?analysis=1)\n',
    );
  });

  test('shows it below the table of the attempt that counts', () => {
    const story = new Story(monitored)
      .until('verify')
      .hear({ kind: 'monitoringStarted', ...production }, 10)
      .hear({ kind: 'monitored', ...production, result: measured('passed') }, 11);
    const report = renderPostMortem(postMortemOf(story.incident));
    expect(report).toMatch(/## Measurements: passed\n\n\|[^!]+\n\n!\[Attempt 1, .+\?analysis=1\)/);
  });

  test('says nothing where nothing was measured', () => {
    const { incident } = new Story().until('end');
    expect(renderPostMortem(postMortemOf(incident))).not.toContain('Measurements');
  });
});
