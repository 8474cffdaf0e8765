import { describe, expect } from 'vitest';
import { deployOf, keyOf, rollbackOf, testsOf, until, useBench } from './bench.ts';
import type { DeployContract } from './system.ts';
import { type Action, carriedOut } from './worker.ts';

/** Workers that are killed and connections that are cut: the deploy system sees exactly one run. */
export function crashes(contract: DeployContract): void {
  for (const action of ['deploy', 'rollback'] as const) {
    describe(`a crash in a ${action}`, () => crashesOf(action, contract));
  }
}

function crashesOf(action: Action, contract: DeployContract): void {
  const testWith = testsOf(contract);
  const bench = useBench(contract);
  const key = keyOf(action, action === 'deploy' ? 1 : 2);
  const begins = (request: { method: string; path: string; body: string }) =>
    bench.system.begins?.(request) ?? false;

  const prepare = async () =>
    action === 'deploy'
      ? deployOf(bench.system.refs[0])
      : rollbackOf(bench.system.refs[1], await bench.deployTwice());

  /** The next worker carries it out to its end, and there was one run. */
  async function expectOne(step: Awaited<ReturnType<typeof prepare>>, details?: unknown) {
    const result = await carriedOut(bench.setting(), action, step, { details, attempt: 2 });
    expect(result).toMatchObject({ outcome: 'succeeded', adapter: contract.adapter });
    expect(await bench.system.begun(key)).toBe(1);
    return result;
  }

  for (const place of ['request', 'answer'] as const) {
    const when = { request: 'before its request', answer: 'after it, before the answer is known' };

    testWith(['url', 'begins'], `killed ${when[place]}`, async () => {
      const step = await prepare();
      const gate = bench.proxy.hold(place, begins);
      const worker = bench.worker(action, step);
      await worker.until(gate.reached);
      expect(await bench.system.begun(key)).toBe(place === 'request' ? 0 : 1);
      await worker.kill();
      gate.cut();
      await expectOne(step, worker.lastHeartbeat);
    });

    testWith(['url', 'begins'], `the connection is cut ${when[place]}`, async () => {
      const step = await prepare();
      const gate = bench.proxy.hold(place, begins);
      void gate.reached.then(() => gate.cut());
      const result = await carriedOut(bench.setting(), action, step);
      expect(result).toMatchObject({ outcome: 'succeeded' });
      expect(await bench.system.begun(key)).toBe(1);
    });
  }

  for (const heartbeats of ['kept', 'lost'] as const) {
    const detailsOf = (worker: { lastHeartbeat: unknown }) =>
      heartbeats === 'kept' ? worker.lastHeartbeat : undefined;

    testWith([], `killed in the middle of following, its heartbeats ${heartbeats}`, async () => {
      const { system } = bench;
      const step = await prepare();
      await system.hang();
      const worker = bench.worker(action, step);
      await worker.says(({ heartbeat }) => Boolean(heartbeat));
      await worker.until(until(async () => (await system.begun(key)) === 1));
      await worker.kill();
      await system.end(key, 'succeeded');
      await expectOne(step, detailsOf(worker));
    });

    testWith([], `killed after its end, its heartbeats ${heartbeats}`, async () => {
      const step = await prepare();
      const worker = bench.worker(action, step);
      await worker.says(({ result }) => result !== undefined);
      await worker.kill();
      await expectOne(step, detailsOf(worker));
    });
  }

  if (action === 'rollback') return;
  testWith(
    ['before', 'live'],
    'what was live before is known though heartbeats are lost',
    async () => {
      const { system } = bench;
      const before = await system.live?.();
      const step = await prepare();
      await system.hang();
      const worker = bench.worker(action, step);
      await worker.says(({ heartbeat }) => Boolean(heartbeat));
      await worker.kill();
      await system.end(key, 'succeeded');
      const result = await expectOne(step);
      expect(result.before?.version).toBeTruthy();

      const undo = { ...rollbackOf(step.ref, result), undoes: key };
      await carriedOut(bench.setting(), 'rollback', undo);
      expect(await system.live?.()).toBe(before);
    },
  );
}
