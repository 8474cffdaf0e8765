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
    async function hanging(leaving?: AbortSignal) {
      const { system } = bench;
      await system.hang();
      const environment = activityEnvironment();
      const { activities } = compose(bench.setting(), leaving && { leaving });
      const running = environment.execute(activities.deploy, step());
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
      if (!made.find) missing.push('find');
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

    testWith(['url'], 'is not given up for answers that do not tell of it', async () => {
      const { proxy, system } = bench;
      const { running } = await hanging();
      const refusals = [401, 403, 404, 410, 302, 200];
      const met = proxy.seen.length;
      for (const status of refusals) proxy.answer(status, { location: '/login' }, { times: 1 });
      await Promise.race([running, until(() => proxy.seen.length > met + refusals.length)]);
      await system.end(key, 'succeeded');
      expect(await running).toMatchObject({ outcome: 'succeeded' });
      expect(await system.begun(key)).toBe(1);
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

    testWith(
      ['stopped'],
      'once cancelled it is stopped, and what became of it is said',
      async () => {
        const { system } = bench;
        const { running, environment } = await hanging();
        environment.cancel();
        const failure: unknown = await running.catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(CancelledFailure);
        expect(failure).toMatchObject({ message: expect.stringMatching(/\w.{20,}/) });
        await until(() => system.stopped?.(key) ?? false);
      },
    );

    const unstoppable = test.skipIf(lacks.stopped === undefined);

    unstoppable('what cannot be stopped is followed to its end, and this is said', async () => {
      const { system } = bench;
      const { running, environment, beats } = await hanging();
      environment.cancel();
      const before = beats.length;
      await until(() => beats.length > before + 1);
      await system.end(key, 'succeeded');
      expect(await running).toMatchObject({
        outcome: 'succeeded',
        summary: expect.stringMatching(/It was to be stopped before: \w.{20,}/),
      });
    });

    unstoppable('but not by a worker that goes away', async () => {
      const leaving = new AbortController();
      const { running, environment, beats } = await hanging(leaving.signal);
      environment.cancel();
      const before = beats.length;
      await until(() => beats.length > before + 1);
      leaving.abort();
      expect(await failureOf(running)).toMatchObject({ type: 'Interrupted' });
    });

    test.each([-1, 1])(
      'a worker whose clock is off by %i h goes on like any other',
      async (hours) => {
        const { system } = bench;
        const { running, environment, last } = await hanging();
        const shutdown = new ActivityCancellationDetails({ workerShutdown: true });
        environment.cancel('WORKER_SHUTDOWN', shutdown);
        await failureOf(running);
        // What the first worker has stamped, seen by one whose clock is off.
        const { run, ...rest } = last() as { run: { startedAt: string } };
        const startedAt = new Date(Date.parse(run.startedAt) - hours * 3_600_000).toISOString();
        const details = { ...rest, run: { ...run, startedAt } };
        const next = activityEnvironment(details, 2);
        const ended = next.execute(compose(bench.setting()).activities.deploy, step());
        // The first look tells of progress, or fails.
        await Promise.race([ended, until(() => next.beats.length > 1)]);
        await system.end(key, 'succeeded');
        expect(await ended).toMatchObject({ outcome: 'succeeded' });
      },
    );

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
