import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { lines } from '../../examples/demo/cast.ts';
import { workflowIdOf } from '../../src/process/contract.ts';
import { restore } from '../../src/process/decide.ts';
import type { DeployStep } from '../../src/process/outcomes.ts';
import { deployStepOf } from '../../src/process/steps.ts';
import { request } from '../support/incidents.ts';
import type { Bar, Measurement } from '../support/measurement.ts';
import { openingOf, rawStart, rawTaskQueue, startRaw } from '../support/raw.ts';
import { startReceiver } from '../support/receiver.ts';
import { rest, say, stepsBefore, timelineAt } from '../support/roles.ts';
import { inScope } from '../support/scope.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { type Site, secretEnv, startSite } from '../support/site.ts';
import { summarise, type Timing } from '../support/statistics.ts';

/** What the way through an incident's workflow may cost, at the median. */
const dearest = 1.5;

const plan = { callers: 1, rounds: 60, patience: 25_000 };

/** Each deploy is of a service of its own, whose lock is new; or all of a side are of one service. */
const locks = ['new', 'used before'] as const;
type LockUse = (typeof locks)[number];
type Way = 'incident' | 'raw';

/** A workflow that waits for its deployer. */
interface Deploy {
  incidentId: string;
  handle: WorkflowHandle;
}

export const deploy: Measurement = {
  name: 'deploy',
  title: 'From the deployer’s signal to the deploy system',
  about:
    'From `handle.signal` of the SDK to the first request at a deploy system (adapter `http`): through an ' +
    'incident, and through a workflow that does nothing but wait for the signal and run the same ' +
    'activity with the same step, its lock included. By turns, one at a time.',
  measure: (bench) =>
    inScope(bench, async (started) => {
      const awaited = new Map<string, () => void>();
      const url = await startReceiver(started, { status: 'succeeded' }, ({ body }) =>
        awaited.get((JSON.parse(body) as DeployStep).incidentId)?.(),
      );
      const site = await startSite(bench, started, { services: servicesAt(url) });
      await site.startWorker();
      await site.startWorker('bench/support/raw-worker.js');
      const authorize = async ({ incidentId, handle }: Deploy) => {
        const arrived = new Promise<void>((resolve) => awaited.set(incidentId, resolve));
        await Promise.all([arrived, say(handle, 'deployAuthorized', lines.deployAuthorized)]);
      };
      const compared = [];
      for (const lock of locks) {
        const sideOf = (way: Way) => ({ prepare: preparing(way, lock, site), call: authorize });
        const onRound = (round: number) =>
          bench.progress.now(`deploying, lock ${lock}`, `round ${round} of ${plan.rounds}`);
        const sides = { raw: sideOf('raw'), api: sideOf('incident') };
        compared.push({ lock, ...(await sideBySide(sides, { ...plan, onRound })) });
      }
      return compare(compared);
    }),
};

const serviceOf = (way: Way, lock: LockUse, number: number) =>
  lock === 'new' ? `${way}-${number}` : way;

/** As many as there are rounds, with the one that warms up. */
function servicesAt(url: string) {
  const numbers = Array.from({ length: plan.rounds + 1 }, (_, index) => index);
  const names = (['incident', 'raw'] as const).flatMap((way) => [
    way,
    ...numbers.map((number) => serviceOf(way, 'new', number)),
  ]);
  const service = () => ({
    deploy: { production: { deploy: { adapter: 'http', url, secretEnv } } },
  });
  return Object.fromEntries(names.map((name) => [name, service()]));
}

/** Lets the deploy before come to its end, so that its lock is free, and begins the next. */
function preparing(way: Way, lock: LockUse, site: Site): () => Promise<Deploy[]> {
  const { begin, end } = ways[way];
  let number = 0;
  let last: Deploy | undefined;
  return async () => {
    if (last) await end(last.handle);
    last = await begin(site, serviceOf(way, lock, number++));
    return [last];
  };
}

interface Course {
  begin: (site: Site, service: string) => Promise<Deploy>;
  end: (handle: WorkflowHandle) => Promise<unknown>;
}

const ways: Record<Way, Course> = {
  incident: {
    async begin({ client, termsOf }, service) {
      const incidentId = randomUUID();
      const start = rawStart(incidentId, { ...request, service }, termsOf(service));
      const handle = await startRaw(client, start);
      for (const [, name, body] of stepsBefore('deploy')) await say(handle, name, body);
      await rest(handle);
      return { incidentId, handle };
    },
    end: rest,
  },
  raw: {
    async begin({ client, termsOf }, service) {
      const incidentId = randomUUID();
      const opening = openingOf(incidentId, { ...request, service }, termsOf(service));
      const { state } = restore(timelineAt('deploy', opening, new Date().toISOString()));
      const handle = await client.workflow.start('rawDeploy', {
        workflowId: workflowIdOf(incidentId),
        taskQueue: rawTaskQueue,
        args: [deployStepOf(state, 'deploy', 'production')],
      });
      await rest(handle);
      return { incidentId, handle };
    },
    end: (handle) => handle.result(),
  },
};

function compare(compared: { lock: LockUse; raw: Timing; api: Timing }[]) {
  const results = compared.map(({ lock, raw, api }) => {
    const [one, other] = [summarise(raw), summarise(api)];
    const row = (way: string, { p50, p99 }: typeof one, { latencies }: Timing) => [
      ...[lock, way, String(latencies.length)],
      ...[`${p50.toFixed(1)} ms`, `${p99.toFixed(1)} ms`],
    ];
    const ratio = { p50: other.p50 / one.p50, p99: other.p99 / one.p99 };
    const rows = [
      row('SDK', one, raw),
      row('incident', other, api),
      [lock, 'incident : SDK', '', ratio.p50.toFixed(2), ratio.p99.toFixed(2)],
    ];
    const what = `signal to deploy system, lock ${lock}: p50, incident to SDK`;
    return { rows, bar: { what, value: ratio.p50, atMost: dearest } satisfies Bar };
  });
  return {
    table: [['lock', 'through', 'deploys', 'p50', 'p99'], ...results.flatMap(({ rows }) => rows)],
    bars: results.map(({ bar }) => bar),
  };
}
