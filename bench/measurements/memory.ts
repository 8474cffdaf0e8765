import { queries, workflowIdOf } from '../../src/process/contract.ts';
import type { Bench } from '../support/bench.ts';
import { callAll } from '../support/callers.ts';
import type { MemoryUse } from '../support/companion.ts';
import { declared, startIncidents } from '../support/incidents.ts';
import type { Measurement } from '../support/measurement.ts';
import { type Stand, withStand } from '../support/stand.ts';

const count = 2_000;
const callers = 20;

/** As many as make the worker load, compile and warm up all that it ever needs. */
const first = 50;

export const memory: Measurement = {
  name: 'memory',
  title: 'Memory of the worker for each open incident',
  about:
    `The memory of the worker’s process with ${count} open incidents in its cache, less what it had ` +
    'before, each time after a garbage collection in all of its threads.',
  measure: (bench) =>
    withStand(bench, async (stand) => {
      const worker = await stand.startWorker();
      await open(stand, first, bench);
      const before = await worker.memory();
      await open(stand, count, bench);
      const after = await worker.memory();
      return { table: table(before, after), notes, bars: [] };
    }),
};

const notes = [
  'Heap is what the incidents hold; the resident memory also has what the collector keeps in reserve.',
  'The SDK keeps about 0.59 incidents for each MiB of heap beyond the first 200 in memory (2,310 at the ' +
    '4 GiB here). Others are replayed from their history when something happens to them.',
];

/** Starts incidents, and asks each for its state: then the worker has taken it up. */
async function open({ api, client }: Stand, wanted: number, { progress }: Bench): Promise<void> {
  progress.now(`opening ${wanted} incidents`);
  const requests = Array.from({ length: wanted }, () => declared);
  const ids = await startIncidents(api, requests, callers);
  let asked = 0;
  await callAll(ids, callers, async (id) => {
    await client.workflow.getHandle(workflowIdOf(id)).query(queries.incident);
    asked += 1;
    if (asked % callers === 0) progress.now(`opening ${wanted} incidents`, `${asked} are open`);
  });
}

function table(before: MemoryUse, after: MemoryUse): string[][] {
  const mebibytes = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
  const row = (name: string, one: number, other: number) => [
    ...[name, mebibytes(one), mebibytes(other)],
    Math.round((other - one) / count).toLocaleString('en'),
  ];
  return [
    ['memory', 'before', `with ${count} more open`, 'bytes for each'],
    row('heap in use', before.heap, after.heap),
    row('resident', before.rss, after.rss),
  ];
}
