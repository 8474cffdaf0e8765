import type { Bench } from '../support/bench.ts';
import { callAll } from '../support/callers.ts';
import type { MemoryUse } from '../support/companion.ts';
import { declared } from '../support/incidents.ts';
import type { Measurement } from '../support/measurement.ts';
import { type Stand, withStand } from '../support/stand.ts';

const count = 2_000;
const callers = 20;

/** As many as make the worker load, compile and warm up all that it ever needs. */
const first = 50;

/** Milliseconds after which no more are opened: a slow machine has to do with fewer. */
const patience = 120_000;

export const memory: Measurement = {
  name: 'memory',
  title: 'Memory of the worker for each open incident',
  about:
    `The memory of the worker’s process with ${count.toLocaleString('en')} open incidents in its cache, ` +
    'less what it had before, each time after a garbage collection in all of its threads.',
  measure: (bench) =>
    withStand(bench, async (stand) => {
      const worker = await stand.startWorker();
      await open(stand, first, bench);
      const before = await worker.memory();
      const opened = await open(stand, count, bench);
      const after = await worker.memory();
      return { table: table(before, after, opened), notes, bars: [] };
    }),
};

const notes = [
  'Heap is what the incidents hold; the resident memory also has what the collector keeps in reserve.',
  'About two thirds of the heap are the schemas that read signals and policy. The library that they are made ' +
    'with is there once, but the schemas are made for each incident: what workflows share is frozen, and ' +
    'a schema completes itself at its first use.',
  'The SDK keeps about 0.59 incidents for each MiB of heap beyond the first 200 in memory (2,310 at the ' +
    '4 GiB here). Others are replayed from their history when something happens to them.',
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

function table(before: MemoryUse, after: MemoryUse, opened: number): string[][] {
  const mebibytes = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
  const row = (name: string, one: number, other: number) => [
    ...[name, mebibytes(one), mebibytes(other)],
    Math.round((other - one) / opened).toLocaleString('en'),
  ];
  return [
    ['memory', 'before', `with ${opened.toLocaleString('en')} more open`, 'bytes for each'],
    row('heap in use', before.heap, after.heap),
    row('resident', before.rss, after.rss),
  ];
}
