import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import {
  announceEnd,
  claim,
  deedOf,
  end,
  freeLock,
  type Lock,
  type LockRequest,
  lockRequestSchema,
  lockSchema,
  newsOf,
  queueOf,
  type Release,
  release,
  releaseSchema,
  standingOf,
} from '../../src/process/lock.ts';
import { safely } from '../../src/process/signals.ts';
import { at } from '../support/incidents.ts';

type Move = { kind: 'claim' | 'release'; who: number; changed: boolean };

const move: fc.Arbitrary<Move> = fc.record({
  kind: fc.constantFrom('claim', 'release'),
  who: fc.integer({ min: 0, max: 4 }),
  changed: fc.boolean(),
});

const request = (who: number): LockRequest => ({
  key: `key-${who}`,
  service: 'shop',
  environment: 'production',
  incidentId: `incident-${who}`,
  workflowId: `hotfix-incident-${who}`,
  ref: `v${who}`,
});

const undo = (who: number): LockRequest => ({
  ...request(who),
  key: `undo-${who}`,
  undoes: `key-${who}`,
});

const apply = (lock: Lock, { kind, who, changed }: Move, minute: number): Lock =>
  kind === 'claim'
    ? claim(lock, request(who), at(minute))
    : release(lock, { key: `key-${who}`, changed }, at(minute));

const names = (lock: Lock) => {
  const { holder, waiting } = queueOf(lock);
  return [holder, ...waiting].flatMap((party) => (party ? [party.incidentId] : []));
};

test('whatever is asked and given back, in any order', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      let lock = freeLock({ service: 'shop', environment: 'production' });
      let expected: string[] = [];
      for (const [minute, one] of moves.entries()) {
        const name = `incident-${one.who}`;
        const isOvertaken = lock.overtaken.includes(`key-${one.who}`);
        const isChange = one.kind === 'release' && one.changed && expected[0] === name;
        lock = apply(lock, one, minute);
        if (one.kind === 'release') expected = expected.filter((other) => other !== name);
        else if (!expected.includes(name) && !isOvertaken) expected = [...expected, name];
        // Whoever waited for what was live then is asked anew.
        if (isChange) expected = [];
        // First come, first served; nobody twice, nobody lost, and never free while somebody waits.
        expect(names(lock)).toEqual(expected);
        const standings = [0, 1, 2, 3, 4].map((who) => standingOf(lock, `key-${who}`)?.place);
        const granted = standings.filter((place) => place === 'granted');
        expect(granted).toHaveLength(expected.length > 0 ? 1 : 0);
      }
    }),
  );
});

const by = (who: number, minute: number) => ({
  place: 'overtaken',
  by: { key: `key-${who}`, incidentId: `incident-${who}`, ref: `v${who}`, at: at(minute) },
});

test('all who waited while another changed what is live are told at once', () => {
  let lock = claim(freeLock(request(1)), request(1), at(0));
  lock = claim(claim(lock, request(2), at(1)), request(3), at(1));
  expect(standingOf(lock, 'key-2')).toEqual({ place: 'waiting' });
  lock = release(lock, { key: 'key-1', changed: true }, at(2));
  expect(standingOf(lock, 'key-2')).toEqual(by(1, 2));
  expect(standingOf(lock, 'key-3')).toEqual(by(1, 2));
  // A worker that died before it could tell asks again, and hears the same.
  expect(standingOf(claim(lock, request(2), at(3)), 'key-2')).toEqual(by(1, 2));
  lock = claim(release(lock, { key: 'key-2', changed: false }, at(3)), request(2), at(4));
  expect(standingOf(lock, 'key-2')).toMatchObject({ place: 'granted' });
});

test('whoever comes after an end was announced is not overtaken by it, nor who takes it back', () => {
  let lock = claim(claim(freeLock(request(1)), request(1), at(0)), request(2), at(1));
  lock = announceEnd(lock, { key: 'key-1', changed: true });
  // A word from somebody else does not take back what was said.
  lock = announceEnd(lock, { key: 'key-1', changed: false });
  expect(standingOf(lock, 'key-1')).toMatchObject({ place: 'granted' });
  lock = end(claim(claim(lock, undo(1), at(2)), request(3), at(2)), at(3));
  expect(standingOf(lock, 'key-2')).toEqual(by(1, 3));
  expect(standingOf(lock, 'undo-1')).toMatchObject({ place: 'granted' });
  expect(standingOf(lock, 'key-3')).toEqual({ place: 'waiting' });
});

test('an end that nobody announced may have changed all', () => {
  const lock = claim(claim(freeLock(request(1)), request(1), at(0)), request(2), at(1));
  expect(standingOf(end(lock, at(2)), 'key-2')).toEqual(by(1, 2));
});

test('what is carried on is bounded, and is understood again', () => {
  let lock = freeLock(request(1));
  for (let who = 0; who < 500; who += 1) lock = claim(lock, request(who), at(0));
  expect(standingOf(lock, 'key-499')).toBeNull();
  expect(safely(lockSchema, JSON.parse(JSON.stringify(lock))).data).toEqual(lock);
});

test.each([
  undefined,
  null,
  7,
  'x',
  [],
  { length: { toString: 1 } },
  { key: { length: { toString: 1 } } },
])('what is none of it is not understood, and never thrown at: %j', (value) => {
  for (const schema of [lockSchema, lockRequestSchema, releaseSchema] as z.ZodType[]) {
    expect(safely(schema, value).data).toBeUndefined();
  }
});

test('a deploy that changed nothing overtakes nobody', () => {
  let lock = claim(claim(freeLock(request(1)), request(1), at(0)), request(2), at(1));
  lock = release(lock, { key: 'key-1', changed: false }, at(2));
  expect(standingOf(lock, 'key-2')).toMatchObject({ place: 'granted' });
});

test('a rollback of what another deploy has replaced is told', () => {
  const held = claim(freeLock(request(1)), request(1), at(0));
  let lock = release(held, { key: 'key-1', changed: true }, at(1));
  expect(standingOf(claim(lock, undo(1), at(2)), 'undo-1')).toMatchObject({ place: 'granted' });
  lock = release(claim(lock, request(2), at(2)), { key: 'key-2', changed: true }, at(3));
  expect(standingOf(claim(lock, undo(1), at(4)), 'undo-1')).toEqual(by(2, 3));
});

/** A lock through which one step after the other has gone, each by its key and how it ended. */
function after(...steps: [LockRequest, Release['outcome']][]): Lock {
  return steps.reduce(
    (lock, [step, outcome], minute) => {
      const held = claim(lock, step, at(minute));
      expect(standingOf(held, step.key)).toMatchObject({ place: 'granted' });
      return release(
        held,
        { key: step.key, changed: true, ...(outcome && { outcome }) },
        at(minute),
      );
    },
    freeLock(request(1)),
  );
}

test.each<[string, [LockRequest, Release['outcome']][], string]>([
  ['nothing was done since', [], 'granted'],
  ['another deploy succeeded since', [[request(2), 'succeeded']], 'overtaken'],
  ['another deploy failed since', [[request(2), 'failed']], 'granted'],
  ['it is not known how another deploy ended', [[request(2), undefined]], 'overtaken'],
  [
    'another deploy was taken back again',
    [
      [request(2), 'succeeded'],
      [undo(2), 'succeeded'],
    ],
    'granted',
  ],
  [
    'another deploy could not be taken back',
    [
      [request(2), 'succeeded'],
      [undo(2), 'failed'],
    ],
    'overtaken',
  ],
])('whether a rollback is carried out where %s', (_, since, place) => {
  const lock = after([request(1), 'succeeded'], ...since);
  expect(standingOf(claim(lock, undo(1), at(9)), 'undo-1')?.place).toBe(place);
});

test('a rollback that waits goes on where the deploy before it has failed, and a deploy is asked anew', () => {
  let lock = claim(after([request(1), 'succeeded']), request(2), at(2));
  lock = claim(claim(lock, undo(1), at(3)), request(3), at(3));
  const failed = { key: 'key-2', changed: true, outcome: 'failed' } as const;
  lock = end(announceEnd(lock, failed), at(4));
  expect(standingOf(lock, 'undo-1')).toMatchObject({ place: 'granted' });
  expect(standingOf(lock, 'key-3')).toMatchObject({
    place: 'overtaken',
    by: { ref: 'v2', action: 'deploy', outcome: 'failed' },
  });
});

test.each([
  [{ action: 'deploy', outcome: 'succeeded' }, 'has brought v2 live'],
  [{ action: 'deploy', outcome: 'failed' }, 'has tried to bring v2 live, which failed'],
  [{ action: 'rollback', outcome: 'succeeded' }, 'has taken v2 back'],
  [{ action: 'rollback', outcome: 'failed' }, 'has tried to take v2 back, which failed'],
  [{}, 'has deployed or taken back v2, and how that ended is not known'],
] as const)('what is said of %j', (done, sentence) => {
  expect(deedOf({ ref: 'v2', ...done })).toBe(sentence);
});

test('a rollback is carried out if and only if what it takes back is live', () => {
  const outcome = fc.constantFrom('succeeded' as const, 'failed' as const);
  const step = fc.record({ who: fc.integer({ min: 1, max: 4 }), isUndo: fc.boolean(), outcome });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let lock = freeLock(request(1));
      /** What is live, the newest last; null where a rollback failed and nobody knows. */
      let live: (string | null)[] = [];
      for (const [minute, { who, isUndo, outcome: how }] of steps.entries()) {
        const base = request(who);
        const deploys = live.filter((key) => key?.startsWith(`key-${who}`));
        const undoes = deploys.at(-1);
        if (isUndo && !undoes) continue;
        const key = `${isUndo ? 'undo' : 'key'}-${who}-${minute}`;
        const asked: LockRequest = { ...base, key, ...(isUndo && undoes && { undoes }) };
        lock = claim(lock, asked, at(minute));
        const isRight = !isUndo || live.at(-1) === undoes;
        expect(standingOf(lock, key)?.place).toBe(isRight ? 'granted' : 'overtaken');
        lock = release(lock, { key, changed: isRight, outcome: how }, at(minute));
        if (!isRight) continue;
        if (!isUndo && how === 'succeeded') live = [...live, key];
        if (isUndo) live = how === 'succeeded' ? live.slice(0, -1) : [...live, null];
      }
    }),
  );
});

test('the holder hears who waits, and the others who holds', () => {
  const lock = claim(claim(freeLock(request(1)), request(1), at(0)), request(2), at(1));
  const more = claim(lock, request(3), at(2));
  const [first, second] = ['hotfix-incident-1', 'hotfix-incident-2'] as const;
  expect(newsOf(more)[second]).toBe(newsOf(lock)[second]);
  expect(newsOf(more)[first]).not.toBe(newsOf(lock)[first]);
  expect(newsOf(freeLock(request(1)))).toEqual({});
});

test.each([
  ['failed', ['key-1'], 'has tried to bring v2 live, which failed'],
  ['succeeded', ['key-1', 'key-2'], 'has brought v2 live'],
] as const)(
  'a deploy that is said to have %s after its place was given back',
  (outcome, live, deed) => {
    let lock = freeLock({ service: 'shop', environment: 'production' });
    for (const who of [1, 2]) {
      lock = claim(lock, request(who), at(who));
      const word = { key: `key-${who}`, changed: true };
      lock = release(lock, who === 1 ? { ...word, outcome: 'succeeded' } : word, at(who));
    }
    lock = release(lock, { key: 'key-2', changed: true, outcome }, at(3));
    expect(lock.live).toEqual(live);
    expect(lock.lastDeploy && deedOf(lock.lastDeploy)).toBe(deed);
  },
);
