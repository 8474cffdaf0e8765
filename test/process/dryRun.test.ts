import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DryRun, dryRun } from '../../src/process/dryRun.ts';
import { spell } from '../../src/process/duration.ts';
import { type ServiceTerms, serviceTermsSchema } from '../../src/process/events.ts';
import { phases } from '../../src/process/phases.ts';
import { type Escalation, escalationSchema } from '../../src/process/policy.ts';

const from = '2026-11-27T18:00:00.000Z';

const runOf = (of: DryRun['of'], terms: object = {}): DryRun => {
  const run = dryRun(serviceTermsSchema.parse(terms), 'shop', from).find((one) => one.of === of);
  if (!run) throw new Error(`there is a run of ${of}`);
  return run;
};

const after = (run: DryRun, time: string) => spell(Date.parse(time) - Date.parse(run.from));

/** `15m 1 ana,ben by pager` for each telling, then when the last level is told again. */
const shortly = (run: DryRun): string[] => [
  ...run.tellings.map(({ at, level, recipients, channels }) =>
    [after(run, at), level, recipients.join(), ...(channels ? ['by', channels.join()] : [])].join(
      ' ',
    ),
  ),
  `again ${after(run, run.againAt)}`,
];

const level = (notify: string[], change: object = {}) => ({
  ...{ name: notify.join(), notify, acknowledgeWithin: '5m', decideWithin: '10m' },
  ...change,
});

const assignments = {
  incidentManager: ['ana'],
  reviewer: ['ben', 'cy'],
  securityReviewer: ['cy'],
  deployer: ['dan'],
};

describe('who would be told when', () => {
  test.each<[string, object, string[]]>([
    [
      'the default of the review',
      {},
      ['0s 0 ben,cy', '15m 1 ben,cy,ana', '20m 2 ben,cy,ana,dan', 'again 25m'],
    ],
    [
      'one level, by one channel',
      {
        limit: '10m',
        levels: [level(['waiting'], { channels: ['pager'] })],
        repeatEvery: '1m',
      },
      ['0s 0 ben,cy', '10m 1 ben,cy by pager', 'again 11m'],
    ],
    [
      'a chain that begins again',
      {
        limit: '10m',
        levels: [level(['reviewer']), level(['zoe', 'deployer'])],
        repeatEvery: '7m',
        repeat: 1,
      },
      [
        ...['0s 0 ben,cy', '10m 1 ben,cy', '15m 2 zoe,dan'],
        ...['22m 1 ben,cy', '27m 2 zoe,dan', 'again 34m'],
      ],
    ],
    [
      'a role that nobody holds',
      { limit: '10m', levels: [level(['tester'])], repeatEvery: '1m' },
      ['0s 0 ben,cy', '10m 1 tester', 'again 11m'],
    ],
    [
      'working hours, over a weekend',
      {
        limit: '1h',
        levels: [level(['waiting'], { acknowledgeWithin: '9h' }), level(['incidentManager'])],
        repeatEvery: '1h',
        workingHours: { timeZone: 'Europe/Berlin' },
      },
      ['0s 0 ben,cy', '2d 14h 1 ben,cy', '3d 14h 2 ana', 'again 3d 15h'],
    ],
    [
      'no time at all',
      {
        limit: 0,
        levels: [level(['waiting'], { acknowledgeWithin: 0 }), level(['deployer'])],
        repeatEvery: '1s',
      },
      ['0s 0 ben,cy', '0s 1 ben,cy', '0s 2 dan', 'again 1s'],
    ],
  ])('%s', (_, quickReview, expected) => {
    const policy = Object.keys(quickReview).length > 0 ? { escalation: { quickReview } } : {};
    expect(shortly(runOf('quickReview', { assignments, policy }))).toEqual(expected);
  });

  test('each phase tells those whom it waits for', () => {
    const people = { ...assignments, bugFixer: ['fay'], monitor: ['mo'], postMortemLead: ['lea'] };
    const first = (of: DryRun['of']) => runOf(of, { assignments: people }).tellings[0]?.recipients;
    expect(phases.map(first)).toEqual([
      ['ana', 'priorityAssessor'],
      ['fay'],
      ['ben', 'cy'],
      ['dan'],
      ['mo', 'tester'],
      ['lea', 'processImprover', 'fay', 'mo'],
    ]);
  });

  test('a bypass is told to everyone, and its review is told of from then on', () => {
    expect(shortly(runOf('retrospective', { assignments }))).toEqual([
      ...['0s 0 everyone,ana,ben,cy,dan', '1d 1 ben,cy', '1d 4h 2 ben,cy,ana', 'again 1d 8h'],
    ]);
  });
});

const milliseconds = (longest: number) => fc.integer({ min: 0, max: longest });
const day = 24 * 60 * 60_000;

const escalations: fc.Arbitrary<Escalation> = fc
  .record({
    limit: milliseconds(3 * day),
    levels: fc.array(
      fc.record({
        name: fc.constant('a level'),
        notify: fc.subarray(['waiting', 'incidentManager', 'zoe'], { minLength: 1 }),
        acknowledgeWithin: milliseconds(day),
        decideWithin: milliseconds(day),
      }),
      { minLength: 1, maxLength: 10 },
    ),
    repeatEvery: fc.integer({ min: 1_000, max: day }),
    repeat: fc.integer({ min: 0, max: 10 }),
  })
  .map((escalation) => escalationSchema.parse(escalation));

test('every level is told in every round, each as long after the one before as the policy says', () => {
  fc.assert(
    fc.property(escalations, fc.constantFrom(...phases), (escalation, phase) => {
      const terms: ServiceTerms = serviceTermsSchema.parse({
        policy: { escalation: { [phase]: escalation } },
      });
      const { limit, levels, repeat, repeatEvery } = escalation;
      const round = levels.map(({ acknowledgeWithin }, index) =>
        index === levels.length - 1 ? repeatEvery : acknowledgeWithin,
      );
      const waits = [limit, ...Array.from({ length: repeat + 1 }, () => round).flat()];
      const { tellings, againAt } = runOf(phase, terms);
      const times = [...tellings.map(({ at }) => at), againAt].map((time) => Date.parse(time));
      expect(times.slice(1).map((time, index) => time - (times[index] ?? 0))).toEqual(waits);
      expect(tellings.slice(1).map((telling) => telling.level)).toEqual(
        Array.from({ length: repeat + 1 }, () => levels.map((_, index) => index + 1)).flat(),
      );
    }),
    { numRuns: 50 },
  );
});
