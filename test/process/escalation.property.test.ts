import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chainsOf } from '../../src/process/chains.ts';
import { handle, type Incident, open } from '../../src/process/decide.ts';
import { notificationOf } from '../../src/process/notifications.ts';
import { type Phase, phases, roleIds, roles } from '../../src/process/phases.ts';
import { type Escalation, type Policy, policySchema } from '../../src/process/policy.ts';
import { evolve, isApart, isOver, type State, watchOf } from '../../src/process/state.ts';
import { nextStep, refOf } from '../../src/process/steps.ts';
import { viewOf } from '../../src/process/view.ts';
import { type Wait, waitingFor } from '../../src/process/waiting.ts';
import { actorOf, at, bodies, clocksDue, deployed, opening, signal } from '../support/incidents.ts';

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
  { weight: 1, arbitrary: fc.constant('acknowledgeAll' as const) },
  { weight: 1, arbitrary: fc.constant('unreachable' as const) },
  { weight: 1, arbitrary: fc.constant('bypass' as const) },
);
type Answer = 'nothing' | 'work' | 'acknowledge' | 'acknowledgeAll' | 'unreachable' | 'bypass';

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
  const say = (name: keyof typeof bodies, more: object = {}, by = actorOf(name)) =>
    handle(incident, signal(name, { ...bodies[name], ...more }, { by }, now), now);
  if (chosen === 'acknowledge' && wait) {
    return say('escalationAcknowledged', {}, roles[wait.role].defaultActor);
  }
  if (chosen === 'acknowledgeAll') return say('escalationAcknowledged', {}, 'nobody in particular');
  if (chosen === 'bypass') return say('reviewBypassed');
  if (chosen === 'work' && wait) return say(wait.signal, wait.item && { item: wait.item });
  if (chosen !== 'unreachable') return incident;
  const notification = `${state.id}-${state.askedSeq}`;
  const delivery = { notification, channel: 'mail', to: [], outcome: 'failed' as const };
  return handle(incident, { kind: 'notified', deliveries: [delivery] }, now);
}

/** Each role has its own person, but for the incident manager: anybody may be that. */
const assignments = Object.fromEntries(
  roleIds
    .filter((role) => role !== 'incidentManager')
    .map((role) => [role, [roles[role].defaultActor]]),
);

/** All clocks strike, then people do what they do. */
function play(chosen: Policy, answers: Answer[], isAssigned: boolean): Minute[] {
  const played: Minute[] = [];
  const terms = { policy: chosen, ...(isAssigned && { assignments }) };
  let incident = open(opening(terms), at(0));
  for (const [index, one] of answers.entries()) {
    const now = at(index * tick);
    const before = incident.state;
    for (const message of clocksDue(before, now)) incident = handle(incident, message, now);
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
    fc.property(
      policy,
      fc.array(answer, { minLength: 20, maxLength: 160 }),
      fc.boolean(),
      (chosen, answers, isAssigned) => check(play(chosen, answers, isAssigned)),
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
      expect(told.length).toBeGreaterThanOrEqual(clocksDue(before, now).length);
      if (index === 0) continue;
      // Told once, the next deadline lies ahead: nobody is told without end in one moment.
      for (const { watch } of chainsOf(after.state)) expect(watch.nextAt >= now).toBe(true);
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
        const { acknowledgement } = event.data;
        const taken = state.taken.find(({ seq }) => seq === acknowledgement);
        expect(taken?.seq).toBe(acknowledgement);
        const { level, round } = (taken ?? state).watch;
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

test('an acknowledgement stops the next level of its own tasks, and no longer than agreed', () => {
  always((played) => {
    for (const { before, after, now } of played) {
      for (const { seq, watch } of before.taken.filter(isApart)) {
        const { acknowledged, nextAt, level } = watch;
        if (!acknowledged || isOver(before) || before.phase !== after.state.phase) continue;
        const { levels } = before.terms.policy.escalation[before.phase];
        const held = Date.parse(nextAt) - Date.parse(acknowledged.at);
        expect(held).toBe(levels[level - 1]?.decideWithin);
        const still = after.state.taken.find((one) => one.seq === seq);
        if (still && now < nextAt) expect(still.watch.level).toBe(level);
      }
    }
  });
});

test('an acknowledgement changes nothing for what others are asked', () => {
  always((played) => {
    for (const [index, { after }] of played.entries()) {
      const next = played[index + 1]?.before;
      const last = next && played[index + 1]?.after.timeline[after.timeline.length];
      if (last?.type !== 'escalationAcknowledged' || !next) continue;
      const { tasks = [] } = last.data;
      expect(tasks.length).toBeGreaterThan(0);
      const isOthers = ({ signal, item }: Wait) =>
        !tasks.some((one) => one.signal === signal && one.item === item);
      for (const wait of waitingFor(next).filter(isOthers)) {
        expect(watchOf(next, wait)).toEqual(watchOf(after.state, wait));
      }
    }
  });
});
