import { describe, expect } from 'vitest';
import { deployOf, keyOf, rollbackOf, testsOf, useBench } from './bench.ts';
import type { DeployContract } from './system.ts';
import { carriedOut, failureOf } from './worker.ts';

/** What was live before, and the way back to it. */
export function rollbacks(contract: DeployContract): void {
  const testWith = testsOf(contract);

  describe('a rollback', () => {
    const bench = useBench(contract);
    const live = async () => await bench.system.live?.();
    const rollback = keyOf('rollback', 2);

    testWith([], 'is a run of its own, which starts once', async () => {
      const { system } = bench;
      const step = rollbackOf(system.refs[1], await bench.deployTwice());
      for (const attempt of [1, 2]) {
        const result = await carriedOut(bench.setting(), 'rollback', step, { attempt });
        expect(result).toMatchObject({ outcome: 'succeeded', adapter: contract.adapter });
      }
      expect(await system.begun(rollback)).toBe(1);
      expect(await system.begun(keyOf('deploy', 2))).toBe(1);
    });

    testWith(
      ['before', 'live'],
      'brings back exactly what was live before the deploy',
      async () => {
        const { system } = bench;
        const [first, second] = system.refs;
        const atFirst = await live();
        const one = await carriedOut(bench.setting(), 'deploy', deployOf(first));
        const afterOne = await live();
        const two = await carriedOut(bench.setting(), 'deploy', deployOf(second, 2));
        const afterTwo = await live();
        expect(new Set([atFirst, afterOne, afterTwo]).size).toBe(3);
        expect(one.before?.version).toBeTruthy();
        expect(two.before?.version).toBeTruthy();
        expect(two.before).not.toEqual(one.before);

        const result = await carriedOut(bench.setting(), 'rollback', rollbackOf(second, two));
        expect(result.summary).toContain(two.before?.version);
        expect(await live()).toBe(afterOne);

        const undone = { ...rollbackOf(first, one), undoes: rollback };
        await carriedOut(bench.setting(), 'rollback', {
          ...undone,
          idempotencyKey: keyOf('rollback', 3),
        });
        expect(await live()).toBe(atFirst);
      },
    );

    testWith(['before', 'live', 'forget'], 'has nothing to go back to, and says so', async () => {
      const { system } = bench;
      await system.forget?.();
      const deployed = await carriedOut(bench.setting(), 'deploy', deployOf(system.refs[1], 2));
      expect(deployed.before).toBeUndefined();
      const after = await live();

      const step = rollbackOf(system.refs[1], deployed);
      const failure = await failureOf(carriedOut(bench.setting(), 'rollback', step));
      expect(failure).toMatchObject({ type: 'NothingToGoBackTo', nonRetryable: true });
      expect(failure.message).toMatch(/\w.{20,}/);
      expect(await system.begun(rollback)).toBe(0);
      expect(await live()).toBe(after);
    });

    testWith(
      ['before', 'live', 'changeByHand'],
      'does not take back what somebody changed since',
      async () => {
        const { system } = bench;
        const step = rollbackOf(system.refs[1], await bench.deployTwice());
        const nowLive = await system.changeByHand?.();
        const changed = await live();

        const failure = await failureOf(carriedOut(bench.setting(), 'rollback', step));
        expect(failure).toMatchObject({ type: 'Refused', nonRetryable: true });
        expect(failure.message).toContain(nowLive);
        expect(failure.message).toContain(step.before?.version);
        expect(await system.begun(rollback)).toBe(0);
        expect(await live()).toBe(changed);
      },
    );

    testWith(
      ['before', 'live', 'changeByHand'],
      'of a deploy after a change by hand goes back to that change',
      async () => {
        const { system } = bench;
        const [first, second] = system.refs;
        await carriedOut(bench.setting(), 'deploy', deployOf(first));
        await system.changeByHand?.();
        const changed = await live();
        const deployed = await carriedOut(bench.setting(), 'deploy', deployOf(second, 2));
        expect(await live()).not.toBe(changed);

        await carriedOut(bench.setting(), 'rollback', rollbackOf(second, deployed));
        expect(await live()).toBe(changed);
      },
    );
  });
}
