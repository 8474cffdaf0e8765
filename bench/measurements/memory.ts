import { randomUUID } from 'node:crypto';
import { taskQueue } from '../../src/process/contract.ts';
import type { Bench } from '../support/bench.ts';
import { callAll } from '../support/callers.ts';
import type { MemoryUse } from '../support/companion.ts';
import { declared } from '../support/incidents.ts';
import type { Measurement } from '../support/measurement.ts';
import { rawStart, rawTaskQueue, signalRaw, startRaw } from '../support/raw.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { type Stand, withStand } from '../support/stand.ts';
import { summarise, type Timing } from '../support/statistics.ts';

const count = 2_000;
const callers = 20;

/** As many as make the worker load, compile and warm up all that it ever needs. */
const first = 50;

/** Milliseconds after which no more are opened: a slow machine has to do with fewer. */
const patience = 60_000;

/** How the two workers are signalled: each incident of either once a round, one after the other. */
const plan = { callers: 1, rounds: 60, patience: 20_000 };
const signalled = 5;
const comment = { text: 'The error rate falls since the fix went live; watching the checkout.' };

export const memory: Measurement = {
  name: 'memory',
  title: 'What open incidents cost a worker',
  about:
    `The memory of the worker’s process with up to ${count.toLocaleString('en')} open incidents, less what ` +
    'it had before, each time after a garbage collection in all of its threads. And what it costs that ' +
    'none is kept in memory: a signal and its verdict, with the SDK’s client, through the service’s worker, ' +
    'which replays the incident each time, and through one that keeps it.',
  measure: (bench) =>
    withStand(bench, async (stand) => {
      const worker = await stand.startWorker();
      await open(stand, first, bench);
      const before = await worker.memory();
      const opened = await open(stand, count, bench);
      const after = await worker.memory();
      const rows = [...memoryRows(before, after, opened), ...(await replayRows(stand, bench))];
      return { table: [['cost', 'from', 'to', 'difference'], ...rows], notes, bars: [] };
    }),
};

const notes = [
  'A worker keeps no incident in memory (the decision on the workflow cache says why), so what it holds does ' +
    'not grow with them; the difference in resident memory is what the collector keeps in reserve.',
  'A replay grows with the history: it is read from Temporal and gone through from its beginning. These ' +
    'incidents are declared, and get a comment more with each round.',
];

/** Starts incidents and reads each, so that the worker has taken it up. Tells how many there are. */
async function open({ api }: Stand, wanted: number, { progress }: Bench): Promise<number> {
  const what = `opening ${wanted} incidents`;
  let opened = 0;
  const openOne = async () => {
    const { id } = await api.start(declared);
    await api.read(id);
    opened += 1;
    if (opened % callers === 0) progress.now(what, `${opened} are open`);
  };
  progress.now(what);
  await callAll(Array.from({ length: wanted }), callers, openOne, performance.now() + patience);
  return opened;
}

function memoryRows(before: MemoryUse, after: MemoryUse, opened: number): string[][] {
  const mebibytes = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
  const row = (name: string, one: number, other: number) => [
    `${name}, with ${opened.toLocaleString('en')} more open`,
    ...[mebibytes(one), mebibytes(other)],
    `${Math.round((other - one) / opened).toLocaleString('en')} bytes for each`,
  ];
  return [
    row('heap in use', before.heap, after.heap),
    row('resident memory', before.rss, after.rss),
  ];
}

/** The worker that keeps incidents has a task queue of its own, and incidents of its own there. */
async function replayRows(stand: Stand, { progress }: Bench): Promise<string[][]> {
  const what = 'signalling, kept and replayed';
  progress.now(what);
  await stand.startWorker('bench/support/cached-worker.js');
  const onRound = (round: number) => progress.now(what, `round ${round} of ${plan.rounds}`);
  const kept = await sideOn(stand, rawTaskQueue);
  const replayed = await sideOn(stand, taskQueue);
  const { raw, api } = await sideBySide({ raw: kept, api: replayed }, { ...plan, onRound });
  return [timeRow('p50', raw, api), timeRow('p99', raw, api)];
}

function timeRow(which: 'p50' | 'p99', kept: Timing, replayed: Timing): string[] {
  const [one, other] = [summarise(kept)[which], summarise(replayed)[which]];
  const milliseconds = (value: number) => `${value.toFixed(1)} ms`;
  const ratio = `${(other / one).toFixed(2)} times`;
  return [
    `signal and verdict, ${which}: kept, replayed`,
    milliseconds(one),
    milliseconds(other),
    ratio,
  ];
}

/** Incidents that are declared, of one task queue, and a comment on one of them. */
async function sideOn({ client }: Stand, queue: string) {
  const ids = Array.from({ length: signalled }, () => randomUUID());
  for (const id of ids) await startRaw(client, { ...rawStart(id, declared), taskQueue: queue });
  return {
    prepare: () => ids,
    call: (id: string) => {
      const envelope = { by: 'operator', at: new Date().toISOString(), requestId: randomUUID() };
      return signalRaw(client, id, 'commented', { ...comment, ...envelope });
    },
  };
}
