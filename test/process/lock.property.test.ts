import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  claim,
  freeLock,
  type Lock,
  type LockRequest,
  queueOf,
  release,
  standingOf,
} from '../../src/process/lock.ts';
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

const apply = (lock: Lock, { kind, who, changed }: Move, minute: number): Lock =>
  kind === 'claim'
    ? claim(lock, request(who), at(minute))
    : release(lock, `key-${who}`, changed, at(minute));

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
        lock = apply(lock, one, minute);
        expected =
          one.kind === 'release'
            ? expected.filter((other) => other !== name)
            : expected.includes(name)
              ? expected
              : [...expected, name];
        // First come, first served; nobody twice, nobody lost, and never free while somebody waits.
        expect(names(lock)).toEqual(expected);
        const granted = [0, 1, 2, 3, 4].filter((who) => standingOf(lock, `key-${who}`)?.granted);
        expect(granted).toHaveLength(expected.length > 0 ? 1 : 0);
      }
    }),
  );
});

test('who waited while another changed what is live is told, and who asks anew knows it', () => {
  let lock = claim(freeLock(request(1)), request(1), at(0));
  lock = claim(lock, request(2), at(1));
  expect(standingOf(lock, 'key-2')).toMatchObject({ granted: false });
  lock = release(lock, 'key-1', true, at(2));
  expect(standingOf(lock, 'key-2')).toEqual({
    granted: true,
    overtakenBy: { key: 'key-1', incidentId: 'incident-1', ref: 'v1', at: at(2) },
  });
  lock = claim(release(lock, 'key-2', false, at(3)), request(2), at(4));
  expect(standingOf(lock, 'key-2')).toEqual({ granted: true, overtakenBy: null });
});

test('a deploy that changed nothing overtakes nobody', () => {
  let lock = claim(claim(freeLock(request(1)), request(1), at(0)), request(2), at(1));
  lock = release(lock, 'key-1', false, at(2));
  expect(standingOf(lock, 'key-2')).toEqual({ granted: true, overtakenBy: null });
});

test('a rollback of what another deploy has replaced is told', () => {
  const undo = { ...request(1), key: 'undo-1', undoes: 'key-1' };
  let lock = release(claim(freeLock(request(1)), request(1), at(0)), 'key-1', true, at(1));
  expect(standingOf(claim(lock, undo, at(2)), 'undo-1')).toEqual({
    granted: true,
    overtakenBy: null,
  });
  lock = release(claim(lock, request(2), at(2)), 'key-2', true, at(3));
  expect(standingOf(claim(lock, undo, at(4)), 'undo-1')).toMatchObject({
    overtakenBy: { incidentId: 'incident-2' },
  });
});
