import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { activityEnvironment } from '../../support.ts';
import { deployOf, keyOf, testsOf, until, useBench } from './bench.ts';
import type { Ability, DeployContract } from './system.ts';
import { carriedOut, compose, failureOf } from './worker.ts';

const optional: Ability[] = [
  ...(['url', 'begins', 'live', 'forget', 'changeByHand', 'stopped', 'stopElsewhere'] as const),
  ...(['wrongCredential', 'missingPermission', 'targetNotFound', 'refused'] as const),
];

/** A run from its start to its end, and who finds it again. */
export function runs(contract: DeployContract): void {
  const { adapter, lacks = {} } = contract;
  const testWith = testsOf(contract);

  describe('a run', () => {
    const bench = useBench(contract);
    const key = keyOf('deploy', 1);
    const step = () => deployOf(bench.system.refs[0]);

    /** A run that hangs, followed by a worker. */
    async function hanging() {
      const { system } = bench;
      await system.hang();
      const environment = activityEnvironment();
      const running = environment.execute(compose(bench.setting()).activities.deploy, step());
      running.catch(() => undefined);
      const isFollowed = async () =>
        environment.beats.some((beat) => beat !== null) && (await system.begun(key)) === 1;
      await Promise.race([running, until(isFollowed)]);
      return { ...environment, running };
    }

    test('what the system lacks is what is declared', () => {
      const { system } = bench;
      const { adapter: made } = compose(bench.setting());
      expect(made.name).toBe(adapter);
      const missing: Ability[] = optional.filter((name) => !(name in system));
      if (!made.check) missing.push('check');
      if (!made.live) missing.push('before');
      expect(missing.toSorted()).toEqual(Object.keys(lacks).toSorted());
    });

    test('starts once, and its end is told', async () => {
      const { system } = bench;
      const result = await carriedOut(bench.setting(), 'deploy', step());
      expect(result).toMatchObject({ adapter, outcome: 'succeeded', output: expect.any(String) });
      expect(result.summary).toMatch(/\w.*\.$/s);
      expect(Date.parse(result.finishedAt)).toBeGreaterThanOrEqual(Date.parse(result.startedAt));
      expect(await system.begun(key)).toBe(1);
    });

    test('what fails has failed', async () => {
      const { system } = bench;
      const { running } = await hanging();
      await system.end(key, 'failed');
      expect(await running).toMatchObject({ adapter, outcome: 'failed' });
    });

    test('tells how far it is, while it goes on', async () => {
      const { running, beats } = await hanging();
      const isTold = (beat: unknown) => Boolean((beat as { progress?: string } | null)?.progress);
      await until(() => beats.some(isTold));
      await bench.system.end(key, 'succeeded');
      expect(await running).toMatchObject({ outcome: 'succeeded' });
    });

    test.each(['with', 'without'])(
      'is found again %s heartbeats, and not repeated',
      async (how) => {
        const { system } = bench;
        const first = activityEnvironment();
        const result = await first.execute(compose(bench.setting()).activities.deploy, step());
        const details = how === 'with' ? first.last() : undefined;
        const again = await carriedOut(bench.setting(), 'deploy', step(), { details, attempt: 2 });
        expect(again).toMatchObject({ outcome: 'succeeded', adapter });
        expect(again.before).toEqual(result.before);
        expect(await system.begun(key)).toBe(1);
      },
    );

    test('a worker that shuts down leaves it alone, and the next one goes on', async () => {
      const { system } = bench;
      const { running, environment, last } = await hanging();
      const details = new ActivityCancellationDetails({ workerShutdown: true });
      environment.cancel('WORKER_SHUTDOWN', details);
      expect(await failureOf(running)).toMatchObject({ type: 'Interrupted', nonRetryable: false });

      const next = carriedOut(bench.setting(), 'deploy', step(), { details: last(), attempt: 2 });
      await system.end(key, 'succeeded');
      expect(await next).toMatchObject({ outcome: 'succeeded' });
      expect(await system.begun(key)).toBe(1);
    });

    test('is cancelled, and what became of it is said', async () => {
      const { running, environment } = await hanging();
      environment.cancel();
      const failure: unknown = await running.catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(CancelledFailure);
      expect(failure).toMatchObject({ message: expect.stringMatching(/\w.{20,}/) });
    });

    testWith(['stopped'], 'once cancelled it is stopped', async () => {
      const { system } = bench;
      const { running, environment } = await hanging();
      environment.cancel();
      await expect(running).rejects.toBeInstanceOf(CancelledFailure);
      await until(() => system.stopped?.(key) ?? false);
    });

    test('runs out of time, and the limit is named', async () => {
      const { system } = bench;
      await system.hang();
      const setting = bench.setting({ config: { timeout: '1s' } });
      const ended = await carriedOut(setting, 'deploy', step()).catch((error: Error) => error);
      // A system that stops what takes too long knows its end; any other does not.
      const isKnown = !(ended instanceof Error);
      expect(ended).toMatchObject(
        isKnown ? { outcome: 'failed' } : { type: 'TimedOut', nonRetryable: true },
      );
      expect(isKnown ? ended.summary : ended.message).toContain('within 1s');
      expect(await system.begun(key)).toBe(1);
    });

    testWith(
      ['stopElsewhere'],
      'that somebody else stops has failed, and this is said',
      async () => {
        const { system } = bench;
        const { running } = await hanging();
        const says = await system.stopElsewhere?.(key);
        const result = await running;
        expect(result).toMatchObject({ outcome: 'failed' });
        expect(result.summary).toMatch(says ?? /./);
      },
    );
  });
}
