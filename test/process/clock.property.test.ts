import fc from 'fast-check';
import { expect, test } from 'vitest';
import { handle, type Incident, type Message, open } from '../../src/process/decide.ts';
import { notificationOf } from '../../src/process/notifications.ts';
import { policySchema } from '../../src/process/policy.ts';
import { signalNames } from '../../src/process/signals.ts';
import { evolve, isApart, isOver, type State } from '../../src/process/state.ts';
import { nextStep, refOf } from '../../src/process/steps.ts';
import { movingAttributesOf } from '../../src/workflows/searchAttributes.ts';
import { actorOf, at, bodies, deployed, measured, opening, signal } from '../support/incidents.ts';

/*
 * A worker that takes over may see another time than its replay. So two clocks that agree on nothing but
 * the order of what happens must lead to the same commands: the same messages to people, search
 * attributes, memo, deploys and timers. What a message says may differ.
 */

const workingHours = {
  timeZone: 'Europe/Berlin',
  days: ['mon', 'tue'],
  from: '09:00',
  to: '17:00',
};

const terms = fc.record({
  monitored: fc.boolean(),
  rollback: fc.boolean(),
  staging: fc.boolean(),
  isInWorkingHours: fc.boolean(),
  onFailedAnalysis: fc.constantFrom('ask' as const, 'rollback' as const),
});

type Move =
  | { kind: 'say'; name: (typeof signalNames)[number]; good: boolean; sentAt: number | null }
  | { kind: 'ring' }
  | { kind: 'ringRetrospective' }
  | { kind: 'ringWhatIsInHand' }
  | { kind: 'unreachable' }
  | { kind: 'machinery'; good: boolean };

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('say' as const),
      name: fc.constantFrom(...signalNames),
      good: fc.boolean(),
      sentAt: fc.option(fc.integer({ min: -100, max: 20_000 })),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'ring' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'ringRetrospective' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'ringWhatIsInHand' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'unreachable' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('machinery' as const), good: fc.boolean() }),
  },
);

/** Minutes from one message to the next: none, a few, or days. */
const clock = fc.array(
  fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 9_000 })),
  { minLength: 60, maxLength: 60 },
);

const bad: Partial<Record<(typeof signalNames)[number], object>> = {
  sanityChecked: { verdict: 'rejected' },
  systemVerified: { solved: false },
  quickVerified: { passed: false },
};

function messagesOf(one: Move, state: State, index: number): Message[] {
  switch (one.kind) {
    case 'say': {
      const body = { ...bodies[one.name], ...(one.good ? {} : bad[one.name]) };
      const sent = one.sentAt === null ? {} : { at: at(one.sentAt) };
      const envelope = { by: actorOf(one.name), requestId: `r${index}`, ...sent };
      return [signal(one.name, body, envelope, at(one.sentAt ?? index))];
    }
    case 'ring':
      return [{ kind: 'clock' }];
    case 'ringRetrospective':
      return [{ kind: 'clock', of: 'retrospective' }];
    case 'ringWhatIsInHand':
      return state.taken.filter(isApart).map(({ seq }) => ({ kind: 'clock', of: seq }));
    case 'unreachable': {
      const notification = `${state.id}-${state.askedSeq}`;
      const delivery = { notification, channel: 'mail', to: [], outcome: 'failed' as const };
      return [{ kind: 'notified', deliveries: [delivery] }];
    }
    case 'machinery':
      return machinery(state, one.good);
  }
}

function machinery(state: State, good: boolean): Message[] {
  const step = nextStep(state);
  const place = { environment: step?.environment ?? ('production' as const), ref: refOf(state) };
  const result = deployed(good ? 'succeeded' : 'failed');
  if (step?.kind === 'deploy') {
    return [
      { kind: 'deployStarted', ...place },
      { kind: 'deployFinished', ...place, result },
    ];
  }
  if (state.phase !== 'verify') return [];
  const watched = {
    environment: 'production' as const,
    after: 'deploy' as const,
    attempt: state.attempt,
  };
  return [
    { kind: 'monitoringStarted', ...watched },
    { kind: 'monitored', ...watched, result: measured(good ? 'passed' : 'failed') },
  ];
}

interface Play {
  incident: Incident;
  /** After each message, all that the workflow makes commands of. */
  commands: unknown[];
}

function play(chosen: Parameters<typeof opening>[0], moves: Move[], waits: number[]): Play {
  let now = 0;
  let incident = open(opening(chosen), at(now));
  const commands: unknown[] = [];
  for (const [index, one] of moves.entries()) {
    for (const message of messagesOf(one, incident.state, index)) {
      now += waits[index] ?? 0;
      const before = incident;
      incident = handle(before, message, at(now));
      commands.push(commandsOf(before, incident));
    }
  }
  return { incident, commands };
}

function commandsOf(before: Incident, after: Incident): unknown {
  const { state } = after;
  let seen: State | null = before.state;
  const events = after.timeline.slice(before.timeline.length);
  const told = events.flatMap((event) => {
    seen = evolve(seen, event);
    return notificationOf(seen, event)?.id ?? [];
  });
  return {
    told,
    events: events.map(({ type }) => type),
    attributes: movingAttributesOf(state).map(({ value }) => value),
    place: [state.status, state.phase, state.attempt],
    step: nextStep(state),
    isOver: isOver(state),
    isTimerMoved: state.watch !== before.state.watch,
    inHand: state.taken.map(({ seq, tasks, watch }) => [seq, tasks, watch.level]),
    isReviewTimerMoved: state.retrospectiveWatch !== before.state.retrospectiveWatch,
  };
}

test('the same messages lead to the same commands, whatever the clock says', () => {
  fc.assert(
    fc.property(
      terms,
      fc.array(move, { minLength: 10, maxLength: 60 }),
      clock,
      clock,
      ({ isInWorkingHours, onFailedAnalysis, ...more }, moves, one, other) => {
        const policy = policySchema.parse({ onFailedAnalysis });
        if (isInWorkingHours) Object.assign(policy.escalation.quickReview, { workingHours });
        const chosen = { ...more, policy };
        expect(play(chosen, moves, one).commands).toEqual(play(chosen, moves, other).commands);
      },
    ),
    { numRuns: 100 },
  );
});

test('what rang is due, and is never dated before its time', () => {
  fc.assert(
    fc.property(fc.integer({ min: -600, max: 600 }), (minutes) => {
      const before = open(opening(), at(0));
      const { timeline, state } = handle(before, { kind: 'clock' }, at(minutes));
      expect(timeline.at(-1)).toMatchObject({ type: 'escalated', data: { level: 1 } });
      expect((timeline.at(-1)?.at ?? '') >= before.state.watch.nextAt).toBe(true);
      expect(state.watch.level).toBe(1);
    }),
  );
});

test('levels whose time passed while nobody could be told are named in one message', () => {
  const before = open(opening(), at(0));
  const { state, timeline } = handle(before, { kind: 'clock' }, at(45));
  const event = timeline.at(-1);
  expect(event).toMatchObject({
    data: {
      level: 1,
      recipients: ['waiting', 'incidentManager'],
      missed: [
        { level: 2, name: 'incident manager', dueAt: at(20) },
        { level: 2, name: 'incident manager', dueAt: at(30) },
        { level: 2, name: 'incident manager', dueAt: at(40) },
      ],
    },
  });
  const said = event && notificationOf(state, event);
  expect(said?.text).toContain('Nobody could be told for a while');
  expect(said?.text).toContain('level 2, incident manager (due at 2026-11-24 03:20:00 UTC)');
  const onTime = handle(before, { kind: 'clock' }, at(10)).timeline.at(-1);
  expect(onTime?.data).not.toHaveProperty('missed');
});
