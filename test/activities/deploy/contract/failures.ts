import type { ApplicationFailure } from '@temporalio/common';
import { describe, expect } from 'vitest';
import { closedUrl } from '../../server.ts';
import { activityEnvironment } from '../../support.ts';
import { deployOf, keyOf, testsOf, useBench } from './bench.ts';
import { type Change, type DeployContract, type Troubles, troubleTypes } from './system.ts';
import { carriedOut, compose, failureOf, type Setting } from './worker.ts';

const troubles = Object.keys(troubleTypes) as (keyof Troubles)[];

/** What keeps a deploy from beginning, told apart; by the deploy itself and by the preflight. */
export function failures(contract: DeployContract): void {
  const testWith = testsOf(contract);

  describe('what goes wrong', () => {
    const bench = useBench(contract);
    const key = keyOf('deploy', 1);
    const target = { service: 'shop', environment: 'production' } as const;

    const attempt = (setting: Setting, ref = bench.system.refs[0]) =>
      activityEnvironment().execute(compose(setting).activities.deploy, deployOf(ref));
    const check = async (setting: Setting) =>
      await compose(setting).adapter.check?.(target, new AbortController().signal);

    async function make(trouble: keyof Troubles): Promise<Change> {
      const change = await bench.system[trouble]?.();
      if (!change) throw new Error(`this system has no ${trouble}`);
      return change;
    }

    function expectTold(
      failure: ApplicationFailure,
      trouble: keyof Troubles,
      { says, env }: Change,
    ) {
      expect(failure).toMatchObject({ type: troubleTypes[trouble], nonRetryable: true });
      expect(failure.message).toMatch(says);
      expect(failure.message.length).toBeLessThan(1_000);
      for (const secret of Object.values({ ...bench.system.env, ...env })) {
        expect(failure.message).not.toContain(secret);
      }
    }

    for (const trouble of troubles) {
      testWith([trouble], `${trouble} is ${troubleTypes[trouble]}`, async () => {
        const change = await make(trouble);
        expectTold(await failureOf(attempt(bench.setting(change), change.ref)), trouble, change);
        expect(await bench.system.begun(key)).toBe(0);
      });
    }

    for (const trouble of troubles.filter((one) => one !== 'refused')) {
      testWith(['check', trouble], `the preflight finds ${trouble}`, async () => {
        const change = await make(trouble);
        expectTold(await failureOf(check(bench.setting(change))), trouble, change);
      });
    }

    testWith(['check'], 'the preflight of what is well says so, and changes nothing', async () => {
      const { system } = bench;
      const before = await system.live?.();
      const access = await check(bench.setting());
      expect(access?.summary).toMatch(/\w.{10,}\.$/);
      if (!contract.lacks?.before) expect(access?.live?.version).toBeTruthy();
      expect(await system.live?.()).toBe(before);
      expect(await system.begun(key)).toBe(0);
    });

    testWith(['check', 'url', 'begins'], 'the preflight only reads', async () => {
      await check(bench.setting());
      const { proxy, system } = bench;
      expect(proxy.seen.length).toBeGreaterThan(0);
      expect(proxy.seen.filter((request) => system.begins?.(request))).toEqual([]);
    });

    testWith(['url'], 'a busy system is Busy, and is left alone as long as it asks', async () => {
      bench.proxy.answer(429, { 'retry-after': '7' });
      const failure = await failureOf(attempt(bench.setting()));
      expect(failure).toMatchObject({ type: 'Busy', nonRetryable: false, nextRetryDelay: 7_000 });
      expect(bench.proxy.seen).toHaveLength(1);
    });

    testWith(
      ['url', 'begins'],
      'one that is busy when the run is to begin is asked again',
      async () => {
        const { proxy, system } = bench;
        const matches = (request: (typeof proxy.seen)[number]) => system.begins?.(request) ?? false;
        proxy.answer(429, { 'retry-after': '1' }, { times: 1, matches });
        const result = await carriedOut(bench.setting(), 'deploy', deployOf(system.refs[0]));
        expect(result).toMatchObject({ outcome: 'succeeded' });
        // Where the target has changed meanwhile, a system may refuse one more.
        expect(proxy.seen.filter(matches).length).toBeGreaterThan(1);
        expect(await system.begun(key)).toBe(1);
      },
    );

    testWith(['url', 'find'], 'a system that fails is Unreachable', async () => {
      bench.proxy.answer(500);
      const failure = await failureOf(attempt(bench.setting()));
      expect(failure).toMatchObject({ type: 'Unreachable', nonRetryable: false });
      expect(failure.message).toContain('500');
    });

    testWith(
      ['url'],
      'one that fails for a while, wherever it is met, is asked again',
      async () => {
        const { proxy, system } = bench;
        let count = 0;
        proxy.answer(502, {}, { times: 6, matches: () => count++ % 2 === 0 });
        const result = await carriedOut(bench.setting(), 'deploy', deployOf(system.refs[0]));
        expect(result).toMatchObject({ outcome: 'succeeded' });
        expect(await system.begun(key)).toBe(1);
      },
    );

    testWith(['url'], 'nobody listens: Unreachable', async () => {
      const nowhere = bench.system.config(await closedUrl());
      const failure = await failureOf(attempt(bench.setting({ config: nowhere })));
      expect(failure).toMatchObject({ type: 'Unreachable', nonRetryable: false });
      expect(failure.message).toMatch(/127\.0\.0\.1.*ECONNREFUSED/);
    });

    testWith(
      ['check', 'url'],
      'the preflight finds a busy system and one that is away',
      async () => {
        const nowhere = bench.system.config(await closedUrl());
        expect(await failureOf(check(bench.setting({ config: nowhere })))).toMatchObject({
          type: 'Unreachable',
          nonRetryable: false,
        });
        bench.proxy.answer(429, { 'retry-after': '7' });
        expect(await failureOf(check(bench.setting()))).toMatchObject({ type: 'Busy' });
      },
    );
  });
}
