import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rollbackIsDue } from '../../src/process/consequences.ts';
import { handle, type Incident, type Message, open, restore } from '../../src/process/decide.ts';
import type { IncidentEvent, Watched } from '../../src/process/events.ts';
import { followUpsDue } from '../../src/process/followUps.ts';
import { notificationOf } from '../../src/process/notifications.ts';
import { isSamePerson } from '../../src/process/people.ts';
import { type SignalName, signalNames } from '../../src/process/signals.ts';
import { analysisOf, evolve, isOver, type State } from '../../src/process/state.ts';
import { analysisDueOfRollback, nextStep, refOf } from '../../src/process/steps.ts';
import { viewOf } from '../../src/process/view.ts';
import {
  actorOf,
  at,
  bodies,
  deployed,
  measured,
  opening,
  rawSignal,
} from '../support/incidents.ts';

/** What may happen next: chosen freely, but machinery answers only what it was asked. */
type Move =
  | { kind: 'say'; name: string; body: object; by: string; requestId: string; minutes: number }
  | { kind: 'machinery'; good: boolean; overtaken?: boolean; minutes: number }
  | { kind: 'clock'; minutes: number };

const people = ['inci', 'nina', 'bug-fixer', 'rachel', 'alex', 'tony', 'zoe'];
const verdict = { noBreakingChanges: true, noDataLoss: true };
const twists: object[] = [
  {},
  { verdict: 'rejected' },
  { ...verdict, verdict: 'approved' },
  { priority: 'P3' },
  { solved: false },
  { passed: false },
  { skipStaging: false },
  { item: 'monitoringImproved' },
  { item: 'properFixFollowUp' },
  { nonsense: 1 },
];

const say = fc.record({
  kind: fc.constant('say' as const),
  name: fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...signalNames) },
    { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
  ),
  body: fc.oneof(
    { weight: 8, arbitrary: fc.constant({}) },
    { weight: 3, arbitrary: fc.constantFrom(...twists) },
  ),
  by: fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom(...people) },
  ),
  requestId: fc.oneof(
    { weight: 6, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: fc.constantFrom('again-1', 'again-2') },
  ),
  minutes: fc.integer({ min: 0, max: 12 }),
});
const minutes = fc.integer({ min: 0, max: 30 });
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 8, arbitrary: say },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('machinery' as const),
      good: fc.oneof(
        { weight: 3, arbitrary: fc.constant(true) },
        { weight: 1, arbitrary: fc.constant(false) },
      ),
      overtaken: fc.boolean(),
      minutes,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clock' as const), minutes }) },
);

const terms = fc.record({
  staging: fc.boolean(),
  stagingMonitored: fc.boolean(),
  monitored: fc.boolean(),
  rollback: fc.boolean(),
});

const measuresAreDue = (state: State): boolean =>
  state.phase === 'verify' && state.terms.monitored && !analysisOf(state, 'production', 'deploy');

const analysis = (watched: Watched, good: boolean): Message[] => [
  { kind: 'monitoringStarted', ...watched },
  { kind: 'monitored', ...watched, result: measured(good ? 'passed' : bad(watched)) },
];

/** Failed or without data, by turns. */
const bad = ({ attempt }: Watched) => (attempt % 2 === 1 ? 'failed' : 'inconclusive');

/** What the workflow would do in this state, answered well or badly. */
function machinery(state: State, good: boolean, overtaken = false): Message[] {
  const outcome = good ? 'succeeded' : 'failed';
  const step = nextStep(state);
  const ref = refOf(state);
  const { attempt } = state;
  if (step?.kind === 'deploy') {
    const { environment } = step;
    const by = { incidentId: 'other', ref: 'v43', at: at(0) };
    return [
      { kind: 'deployStarted', environment, ref },
      overtaken
        ? { kind: 'overtaken', environment, by }
        : { kind: 'deployFinished', environment, ref, result: deployed(outcome) },
    ];
  }
  if (step) return analysis({ environment: step.environment, after: 'deploy', attempt }, good);
  const rolledBack = analysisDueOfRollback(state);
  if (rolledBack !== null) {
    return analysis({ environment: 'production', after: 'rollback', attempt: rolledBack }, good);
  }
  if (rollbackIsDue(state)) {
    return [
      { kind: 'rollbackStarted', ref },
      { kind: 'rollbackFinished', ref, result: deployed(outcome) },
    ];
  }
  if (measuresAreDue(state)) {
    return analysis({ environment: 'production', after: 'deploy', attempt }, good);
  }
  const tasks = followUpsDue(state).map((task) => ({ ...task, id: 'F-1', tracker: 'incident' }));
  return tasks.length > 0 ? [{ kind: 'followUpsFiled', tasks }] : [];
}

const badAnswers: { [N in SignalName]?: object } = {
  priorityAssessed: { priority: 'P2' },
  sanityChecked: { verdict: 'rejected' },
  securityChecked: { verdict: 'rejected' },
  systemVerified: { healthy: false },
  quickVerified: { passed: false },
};

/** What is asked for next, answered well or badly: mixed in so that runs get far. */
function nudge(state: State, good: boolean): Move {
  const next = viewOf(state).waitingFor[0];
  if (!next || followUpsDue(state).length > 0) return { kind: 'machinery', good, minutes: 1 };
  const body = { ...(next.item && { item: next.item }), ...(!good && badAnswers[next.signal]) };
  return {
    kind: 'say',
    name: next.signal,
    body,
    by: '',
    requestId: crypto.randomUUID(),
    minutes: 1,
  };
}

interface Step {
  before: Incident;
  message: Message;
  after: Incident;
  now: string;
}

function play(moves: (Move | 'good' | 'bad')[], start: Incident): Step[] {
  const steps: Step[] = [];
  let incident = start;
  let minute = 0;
  for (const chosen of moves) {
    const one =
      chosen === 'good' || chosen === 'bad' ? nudge(incident.state, chosen === 'good') : chosen;
    minute += one.minutes;
    const now = at(minute);
    for (const message of messagesOf(one, incident.state, now)) {
      const after = handle(incident, message, now);
      steps.push({ before: incident, message, after, now });
      incident = after;
    }
  }
  return steps;
}

function messagesOf(one: Move, state: State, now: string): Message[] {
  // A timer rings when its wait is due, and not before.
  if (one.kind === 'clock') return now < state.watch.nextAt ? [] : [{ kind: 'clock' }];
  if (one.kind === 'machinery') return machinery(state, one.good, one.overtaken);
  const known = signalNames.find((name) => name === one.name);
  const by = one.by || (known ? actorOf(known) : 'zoe');
  const body = { ...(known ? bodies[known] : {}), ...one.body };
  return [rawSignal(one.name, { ...body, by, requestId: one.requestId }, now)];
}

const scenario = fc.tuple(
  terms,
  fc.array(
    fc.oneof(
      { weight: 30, arbitrary: fc.constant('good' as const) },
      { weight: 2, arbitrary: fc.constant('bad' as const) },
      { weight: 10, arbitrary: move },
    ),
    {
      minLength: 5,
      maxLength: 80,
    },
  ),
);

/** Runs many generated incidents and checks each; the far ends must really be reached. */
function always(check: (steps: Step[], end: Incident) => void): void {
  fc.assert(
    fc.property(scenario, ([chosen, moves]) => {
      const start = open(opening(chosen), at(0));
      const steps = play(moves, start);
      check(steps, steps.at(-1)?.after ?? start);
    }),
    { numRuns: 400 },
  );
}

type Event<T extends IncidentEvent['type']> = Extract<IncidentEvent, { type: T }>;
const ofType = <T extends IncidentEvent['type']>(events: IncidentEvent[], type: T) =>
  events.filter((event): event is Event<T> => event.type === type);

/** The events since this attempt's quick fix began, as they were before `seq`. */
function attemptUntil(timeline: IncidentEvent[], seq: number): IncidentEvent[] {
  const before = timeline.slice(0, seq - 1);
  const begin = before.findLastIndex(
    ({ type, data }) => type === 'phaseStarted' && 'phase' in data && data.phase === 'quickFix',
  );
  return before.slice(begin);
}

/** How often the measurements of staging were no ground to go on. */
const unclear = (events: IncidentEvent[]): number =>
  ofType(events, 'monitored').filter(
    ({ data }) => data.environment === 'staging' && data.result.outcome !== 'passed',
  ).length;

describe('whatever is sent, in any order', () => {
  test('the generated runs reach every status and every phase', () => {
    const seen = new Set<string>();
    const samples = fc.sample(scenario, { numRuns: 400, seed: 7 });
    for (const [chosen, moves] of samples) {
      for (const { after } of play(moves, open(opening(chosen), at(0)))) {
        seen.add(after.state.status).add(after.state.phase);
        if (after.state.attempt > 1) seen.add('again');
      }
    }
    expect([...seen].sort()).toEqual(
      'aborted again closed declaration declined deploy mitigated open postMortem quickFix quickReview verify'.split(
        ' ',
      ),
    );
  });

  test('rule 1: nothing is deployed without P1, a fix, and both checks of this attempt or a bypass', () => {
    always((_, { timeline }) => {
      for (const deploy of ofType(timeline, 'deployStarted')) {
        const earlier = timeline.slice(0, deploy.seq - 1);
        expect(ofType(earlier, 'priorityAssessed').at(-1)?.data.priority).toBe('P1');
        const attempt = attemptUntil(timeline, deploy.seq);
        expect(ofType(attempt, 'fixReady')).toHaveLength(1);
        const held = ofType(attempt, 'deployHeld').length + unclear(attempt);
        expect(ofType(attempt, 'deployAuthorized')).toHaveLength(1 + held);
        const checks = [...ofType(attempt, 'sanityChecked'), ...ofType(attempt, 'securityChecked')];
        const isBypassed = ofType(attempt, 'reviewBypassed').length > 0;
        expect(checks.every(({ data }) => data.verdict === 'approved')).toBe(true);
        expect(isBypassed || checks.length === 2).toBe(true);
      }
    });
  });

  test('rule 2: what fails leads back to the quick fix with the next attempt', () => {
    always((steps) => {
      for (const { before, after } of steps) {
        if (after.state.attempt === before.state.attempt) continue;
        expect(after.state.attempt).toBe(before.state.attempt + 1);
        expect(after.state.phase).toBe('quickFix');
        const { sanityChecked, securityChecked, fixReady } = after.state.completed;
        expect([sanityChecked, securityChecked, fixReady]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
      }
    });
  });

  test('rule 3: silence never approves, and an overdue wait is told at once', () => {
    always((steps) => {
      for (const { before, message, after } of steps) {
        if (message.kind !== 'clock') continue;
        expect(after.state.phase).toBe(before.state.phase);
        const isDue = viewOf(before.state).waitingFor.length > 0;
        expect(ofType(after.timeline, 'escalated').length).toBe(
          ofType(before.timeline, 'escalated').length + (isDue ? 1 : 0),
        );
      }
    });
  });

  test('rule 4: the author does not review, and one person does not give both checks', () => {
    always((_, { timeline }) => {
      for (const check of [
        ...ofType(timeline, 'sanityChecked'),
        ...ofType(timeline, 'securityChecked'),
      ]) {
        const attempt = attemptUntil(timeline, check.seq);
        for (const other of attempt) {
          if (['fixReady', 'sanityChecked', 'securityChecked'].includes(other.type)) {
            expect(isSamePerson(other.by, check.by)).toBe(false);
          }
        }
      }
    });
  });

  test('rule 5: one deploy an attempt and environment', () => {
    always((_, { state }) => {
      const places = state.deploys.map(({ attempt, environment }) => `${attempt} ${environment}`);
      expect(new Set(places).size).toBe(places.length);
    });
  });

  test('rule 6: none closes without the checklist, nor with an open retrospective review', () => {
    always((_, { state }) => {
      if (state.status !== 'closed') return;
      expect(Object.values(state.checklist).every(Boolean)).toBe(true);
      expect(state.bypass !== null && state.retrospective === null).toBe(false);
    });
  });

  test('rule 7: each signal is on the timeline, once, with who and when', () => {
    always((steps) => {
      for (const { before, message, after } of steps) {
        if (message.kind !== 'signal') continue;
        const id = message.parsed.ok ? message.parsed.signal.requestId : message.parsed.requestId;
        const known = before.timeline.some(({ requestId }) => requestId === id);
        const recorded = after.timeline.filter(({ requestId }) => requestId === id);
        expect(recorded).toHaveLength(1);
        if (known) expect(after).toEqual(before);
      }
    });
  });

  test('a refused signal changes nothing but the record', () => {
    always((steps) => {
      for (const { before, after } of steps) {
        const [added, ...more] = after.timeline.slice(before.timeline.length);
        if (added?.type !== 'signalRefused') continue;
        expect(more).toEqual([]);
        expect({ ...after.state, size: 0 }).toEqual({ ...before.state, size: 0 });
      }
    });
  });

  test('rule 9: nobody is told of a phase that is over', () => {
    always((_, { timeline }) => {
      let state: State | null = null;
      for (const event of timeline) {
        if (event.type === 'escalated') expect(event.data.phase).toBe(state?.phase);
        if (event.type === 'escalated') expect(state && isOver(state)).toBe(false);
        state = evolve(state, event);
      }
    });
  });

  test('the timeline alone restores the incident, and its notifications have ids of their own', () => {
    always((_, end) => {
      expect(restore(end.timeline)).toEqual(end);
      let state: State | null = null;
      const ids: string[] = [];
      for (const event of end.timeline) {
        state = evolve(state, event);
        const notification = notificationOf(state, event);
        if (notification) ids.push(notification.id);
      }
      expect(new Set(ids).size).toBe(ids.length);
    });
  });

  test('an open incident always waits for somebody or for the machinery', () => {
    always((_, { state }) => {
      if (isOver(state)) return;
      const machineryHas = nextStep(state) !== null || rollbackIsDue(state);
      const measures = measuresAreDue(state);
      const waits = viewOf(state).waitingFor.length > 0;
      expect(waits || machineryHas || measures || state.checklist.properFixFollowUp === null).toBe(
        true,
      );
    });
  });
});
