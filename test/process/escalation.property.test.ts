import fc from 'fast-check';
import { expect, test } from 'vitest';
import { handle, type Incident, open } from '../../src/process/decide.ts';
import { notificationOf } from '../../src/process/notifications.ts';
import { type Phase, phases } from '../../src/process/phases.ts';
import { type Escalation, type Policy, policySchema } from '../../src/process/policy.ts';
import { evolve, isOver, type State } from '../../src/process/state.ts';
import { nextStep, refOf } from '../../src/process/steps.ts';
import { viewOf } from '../../src/process/view.ts';
import { waitingFor } from '../../src/process/waiting.ts';
import { actorOf, at, bodies, deployed, opening, signal } from '../support/incidents.ts';

/** The clock strikes once a minute: nobody is told later than that. */
const tick = 1;
const minute = 60_000;

const minutes = (least: number) => fc.integer({ min: least, max: 40 }).map((one) => one * minute);

const escalation: fc.Arbitrary<Escalation> = fc.record({
  limit: minutes(0),
  levels: fc.array(
    fc.record({
      name: fc.constantFrom('one', 'two', 'three'),
      notify: fc.constantFrom(['waiting'], ['waiting', 'incidentManager'], ['deployer']),
      acknowledgeWithin: minutes(0),
      decideWithin: minutes(1),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  repeatEvery: minutes(1),
  repeat: fc.integer({ min: 0, max: 3 }),
});

const policy: fc.Arbitrary<Policy> = fc
  .tuple(
    fc.record(
      Object.fromEntries(phases.map((phase) => [phase, escalation])) as Record<
        Phase,
        typeof escalation
      >,
    ),
    escalation,
  )
  .map(([escalations, retrospective]) => ({
    ...policySchema.parse({}),
    escalation: escalations,
    retrospective,
  }));

/** What people do in a minute: mostly nothing. */
const answer: fc.Arbitrary<Answer> = fc.oneof(
  { weight: 12, arbitrary: fc.constant('nothing' as const) },
  { weight: 3, arbitrary: fc.constant('work' as const) },
  { weight: 2, arbitrary: fc.constant('acknowledge' as const) },
  { weight: 1, arbitrary: fc.constant('unreachable' as const) },
  { weight: 1, arbitrary: fc.constant('bypass' as const) },
);
type Answer = 'nothing' | 'work' | 'acknowledge' | 'unreachable' | 'bypass';

interface Minute {
  before: State;
  after: Incident;
  now: string;
}

function act(incident: Incident, chosen: Answer, now: string): Incident {
  const { state } = incident;
  const step = nextStep(state);
  if (step?.kind === 'deploy') {
    const place = { environment: step.environment, ref: refOf(state) };
    const begun = handle(incident, { kind: 'deployStarted', ...place }, now);
    return handle(begun, { kind: 'deployFinished', ...place, result: deployed('succeeded') }, now);
  }
  const [wait] = waitingFor(state);
  const say = (name: keyof typeof bodies, more: object = {}) =>
    handle(incident, signal(name, { ...bodies[name], ...more }, { by: actorOf(name) }, now), now);
  if (chosen === 'acknowledge') return say('escalationAcknowledged');
  if (chosen === 'bypass') return say('reviewBypassed');
  if (chosen === 'work' && wait) return say(wait.signal, wait.item && { item: wait.item });
  if (chosen !== 'unreachable') return incident;
  const notification = `${state.id}-${state.askedSeq}`;
  const delivery = { notification, channel: 'mail', to: [], outcome: 'failed' as const };
  return handle(incident, { kind: 'notified', deliveries: [delivery] }, now);
}

/** Both clocks strike, then people do what they do. */
function play(chosen: Policy, answers: Answer[]): Minute[] {
  const played: Minute[] = [];
  let incident = open(opening({ policy: chosen }), at(0));
  for (const [index, one] of answers.entries()) {
    const now = at(index * tick);
    const before = incident.state;
    if (before.watch.nextAt <= now) incident = handle(incident, { kind: 'clock' }, now);
    const { retrospectiveWatch } = incident.state;
    if (retrospectiveWatch && retrospectiveWatch.nextAt <= now) {
      incident = handle(incident, { kind: 'clock', of: 'retrospective' }, now);
    }
    played.push({ before, after: incident, now });
    incident = act(incident, one, now);
  }
  return played;
}

const always = (check: (played: Minute[]) => void) =>
  fc.assert(
    fc.property(policy, fc.array(answer, { minLength: 20, maxLength: 160 }), (chosen, answers) =>
      check(play(chosen, answers)),
    ),
    { numRuns: 150 },
  );

test('someone is always waited for or told, and after each deadline within one tick', () => {
  always((played) => {
    for (const [index, { before, after, now }] of played.entries()) {
      if (isOver(before)) continue;
      const isAsked = viewOf(before).waitingFor.length > 0;
      expect(isAsked || nextStep(before) !== null || followUpIsOwed(before)).toBe(true);
      const told = after.timeline.filter(
        ({ type, at: time }) => type === 'escalated' && time === now,
      );
      if (isAsked && before.watch.nextAt <= now) expect(told.length).toBeGreaterThan(0);
      // Told once, the next deadline lies ahead: nobody is told without end in one moment.
      if (index > 0 && isAsked) expect(after.state.watch.nextAt >= now).toBe(true);
    }
  });
});

/** The process files it itself, which these runs do not play. */
const followUpIsOwed = (state: State): boolean => state.phase === 'postMortem';

test('the right level: one after the other, round after round, then the last one for good', () => {
  always((played) => {
    const last = played.at(-1);
    if (!last) return;
    let state: State | null = null;
    for (const event of last.after.timeline) {
      if (event.type === 'escalated' && !event.data.wait && !event.data.reason && state) {
        const { levels, repeat } = state.terms.policy.escalation[state.phase];
        const { level, round } = state.watch;
        const isEnd = level >= levels.length;
        const expected = !isEnd ? level + 1 : round < repeat ? 1 : levels.length;
        expect(event.data.level).toBe(expected);
        expect(event.data.name).toBe(levels[expected - 1]?.name);
      }
      state = evolve(state, event);
      if (state.watch.level > 0) {
        const { repeat } = state.terms.policy.escalation[state.phase];
        expect(state.watch.round).toBeLessThanOrEqual(repeat);
      }
    }
  });
});

test('never after the phase is over, and never the same message twice', () => {
  always((played) => {
    const timeline = played.at(-1)?.after.timeline ?? [];
    const ids: string[] = [];
    let state: State | null = null;
    for (const event of timeline) {
      if (event.type === 'escalated' && state) {
        expect(isOver(state)).toBe(false);
        if (!event.data.wait) expect(event.data.phase).toBe(state.phase);
        else expect(state.retrospectiveWatch).not.toBeNull();
      }
      state = evolve(state, event);
      const notification = notificationOf(state, event);
      if (notification) ids.push(notification.id);
    }
    expect(new Set(ids).size).toBe(ids.length);
  });
});

test('an acknowledgement stops the next level, and no longer than agreed', () => {
  always((played) => {
    for (const { before, after, now } of played) {
      const { acknowledged, nextAt, level } = before.watch;
      if (!acknowledged || isOver(before) || before.phase !== after.state.phase) continue;
      const decideWithin =
        before.terms.policy.escalation[before.phase].levels[level - 1]?.decideWithin;
      expect(Date.parse(nextAt) - Date.parse(acknowledged.at)).toBe(decideWithin);
      if (now < nextAt) expect(after.state.watch.level).toBe(level);
    }
  });
});
