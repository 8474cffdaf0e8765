import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import getPort from 'get-port';
import type { MeasureResult, MonitorResult } from '../../src/process/outcomes.ts';
import type { Bench } from '../support/bench.ts';
import { callAll } from '../support/callers.ts';
import type { Usage } from '../support/companion.ts';
import { awaitResult } from '../support/history.ts';
import { request } from '../support/incidents.ts';
import type { Measurement } from '../support/measurement.ts';
import { Program } from '../support/program.ts';
import { openingOf, rawCarryOn, startRaw } from '../support/raw.ts';
import { timelineAt } from '../support/roles.ts';
import { inScope, type Started } from '../support/scope.ts';
import { type Site, startSite } from '../support/site.ts';
import { percentile } from '../support/statistics.ts';

const count = 500;
const callers = 20;
const interval = 10_000;
const soak = 60_000;

/** The moments of one soak: one at its beginning, and one after each interval. */
const moments = soak / interval + 1;

/** How long the ends are waited for, in milliseconds. */
const patience = 3 * soak;

/** For so long the worker's use is looked at, while all soaks are under way; in milliseconds. */
const watchedFor = 30_000;

export const soaks: Measurement = {
  name: 'soaks',
  title: `${count} soaks at once on one worker`,
  about:
    `${count} incidents whose deploy has just ended, each watched for a minute with one HTTP measurement ` +
    'every 10 s, at a server that is a process of its own. Lateness is counted from the moment that is ' +
    'scheduled: to the start of the measurement in the worker, and to its request at the server.',
  measure: (bench) =>
    inScope(bench, async (started) => {
      const target = await startTarget(bench, started);
      const site = await startSite(bench, started, { services: servicesAt(target) });
      const worker = await site.startWorker();
      const idle = await worker.usage();
      const begun = await begin(site, bench);
      const [before, after] = await useOf(worker, bench);
      const soaked = await endsOf(begun, target, bench);
      return { table: table({ idle, before, after }, soaked), notes, bars: [] };
    }),
};

const notes = [
  'The incidents begin as one that carries on in a new history, with the timeline that they came to the ' +
    'verification by. They are started as fast as 20 callers can.',
  'The processor’s time is that of the worker’s whole process, with the SDK’s threads, over 30 s in which ' +
    'all soaks go on; 100 % is one core. Temporal and the server share the machine’s cores with it.',
];

const names = Array.from({ length: count }, (_, number) => `service-${number}`);

function servicesAt(url: string) {
  const service = (name: string) => {
    const measure = { name: 'answers', adapter: 'http', url: `${url}/${name}`, interval: '10s' };
    return { monitoring: { production: { soak: '60s', measures: [measure] } } };
  };
  return Object.fromEntries(names.map((name) => [name, service(name)]));
}

async function startTarget(bench: Bench, started: Started): Promise<string> {
  const port = await getPort();
  const log = path.join(await bench.folder(), 'target.log');
  const target = new Program('bench/support/target.js', { PORT: String(port) }, log);
  started(() => target.stop());
  await target.says('target is ready');
  return `http://127.0.0.1:${port}`;
}

interface Soak {
  service: string;
  handle: WorkflowHandle;
}

/** Starts the incidents, each in its verification. */
async function begin({ client, termsOf }: Site, { progress }: Bench): Promise<Soak[]> {
  const begun: Soak[] = [];
  await callAll(names, callers, async (service) => {
    const opening = openingOf(randomUUID(), { ...request, service }, termsOf(service));
    const timeline = timelineAt('verify', opening, new Date().toISOString());
    begun.push({ service, handle: await startRaw(client, rawCarryOn(timeline)) });
    progress.now('starting soaks', `${begun.length} of ${count}`);
  });
  return begun;
}

async function useOf(worker: Program, { progress }: Bench): Promise<[Usage, Usage]> {
  progress.now('watching the worker');
  const before = await worker.usage();
  await sleep(watchedFor);
  return [before, await worker.usage()];
}

interface Soaked {
  result: MonitorResult;
  /** When the server was asked, in milliseconds since 1970. */
  arrivals: number[];
}

async function endsOf(begun: Soak[], target: string, { progress }: Bench): Promise<Soaked[]> {
  progress.now('waiting for the soaks to end');
  const results = new Map<string, MonitorResult>();
  const deadline = performance.now() + patience;
  await callAll(begun, callers, async ({ service, handle }) => {
    const result = await awaitResult(handle, 'monitor', deadline);
    if (result === undefined) throw new Error(`The soak of ${service} did not end in time.`);
    results.set(service, JSON.parse(result) as MonitorResult);
  });
  const answer = await fetch(`${target}/arrivals`);
  const arrivals = (await answer.json()) as Record<string, number[]>;
  return [...results].map(([service, result]) => ({
    result,
    arrivals: arrivals[`/${service}`] ?? [],
  }));
}

function table(use: { idle: Usage; before: Usage; after: Usage }, soaked: Soaked[]): string[][] {
  const measured = soaked.map(({ result }) => result.measures[0] as MeasureResult);
  const sum = (of: (measure: MeasureResult) => number) =>
    measured.reduce((total, measure) => total + of(measure), 0);
  const failures = sum(({ counts }) => counts.failed + counts.error + counts.inconclusive);
  const busy = (use.after.cpu - use.before.cpu) / 1_000 / watchedFor;
  const mebibytes = ({ rss }: Usage) => `${(rss / 1024 ** 2).toFixed(0)} MiB`;
  const starts = measured.flatMap(({ points }) => points.map(([offset]) => late(offset)));
  const requests = soaked.flatMap(({ result, arrivals }) =>
    arrivals.map((at) => late(at - Date.parse(result.startedAt))),
  );
  return [
    ['500 soaks', ''],
    ['under way at once', String(underWayAtOnce(soaked))],
    ['measurements', `${sum(({ points }) => points.length)} of ${count * moments} due`],
    ['not passed', String(failures)],
    ['processor of the worker', `${(busy * 100).toFixed(0)} % of a core`],
    ['memory of the worker', `${mebibytes(use.after)}; idle ${mebibytes(use.idle)}`],
    ['late to the start of a measurement', lateness(starts)],
    ['late to the request', lateness(requests)],
  ];
}

/** Clocks are whole milliseconds, so a moment may be met by so much too early. */
const slack = 2;

/** How long after the moment before it something came to pass, that long after the soak began. */
const late = (offset: number): number => Math.max(0, ((offset + slack) % interval) - slack);

const lateness = (values: number[]): string =>
  [
    `p50 ${percentile(values, 0.5).toFixed(0)} ms`,
    `p99 ${percentile(values, 0.99).toFixed(0)} ms`,
    `longest ${Math.max(...values).toFixed(0)} ms`,
  ].join(', ');

/** How many soaks went on when the last one began. */
function underWayAtOnce(soaked: Soaked[]): number {
  const last = Math.max(...soaked.map(({ result }) => Date.parse(result.startedAt)));
  return soaked.filter(({ result }) => Date.parse(result.finishedAt) > last).length;
}
