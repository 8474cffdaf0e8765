import { randomUUID } from 'node:crypto';
import type { HotfixResult } from '../../src/process/contract.ts';
import { bytesOf, eventsOf, resultIn } from '../support/history.ts';
import { request } from '../support/incidents.ts';
import type { Measurement } from '../support/measurement.ts';
import { rawStart, startRaw } from '../support/raw.ts';
import { startReceiver } from '../support/receiver.ts';
import { playStraight } from '../support/roles.ts';
import { inScope } from '../support/scope.ts';
import { type Site, startSite } from '../support/site.ts';

/** So many events more may an hour of soak leave. */
const mostMore = 40;

/** A moment each 10 s of the hour, and the one that ends it. */
const moments = 361;

const watched = 'watched';

export const soak: Measurement = {
  name: 'soak',
  title: 'What an hour of soak leaves in Temporal',
  about:
    'The history of a straight incident with an hour of soak and one HTTP measurement every 10 s, and of ' +
    'the same incident of a service that is connected to nothing. The monitor and the tester answer ' +
    'while the soak goes on.',
  measure: (bench) =>
    inScope(bench, async (started) => {
      const url = await startReceiver(started, {}, () => {});
      const measure = { name: 'answers', adapter: 'http', url, interval: '10s' };
      const monitoring = { production: { soak: '1h', measures: [measure] } };
      const site = await startSite(bench, started, { services: { [watched]: { monitoring } } });
      await site.startWorker('bench/support/fast-worker.js');
      bench.progress.now('an incident without a soak');
      const without = await leftBy(site, request.service);
      bench.progress.now('an hour of soak');
      const soaked = await leftBy(site, watched);
      const row = (name: string, { events, bytes, measured, result }: Left) =>
        [name, measured, events, bytes, result].map((cell) => cell.toLocaleString('en'));
      return {
        table: [
          ['soak', 'measurements', 'history events', 'bytes', 'of these the result of the soak'],
          row('none', without),
          row('1 h', soaked),
        ],
        notes,
        bars: [
          { what: 'measurements of an hour of soak', value: soaked.measured, atLeast: moments },
          {
            what: 'events more with an hour of soak',
            value: soaked.events - without.events,
            atMost: mostMore,
          },
        ],
      };
    }),
};

const notes = [
  'The worker is the service’s own but for the clock of its activities, by which an hour passes in 20 s: ' +
    'each measurement is made, and the heartbeats that carry them go to Temporal. A heartbeat leaves no event.',
  'The watched service also has its access tried once while the fix is being written (the preflight).',
];

interface Left {
  events: number;
  bytes: number;
  measured: number;
  /** Bytes of the result of the soak. */
  result: number;
}

async function leftBy({ client, termsOf }: Site, service: string): Promise<Left> {
  const start = rawStart(randomUUID(), { ...request, service }, termsOf(service));
  const handle = await startRaw(client, start);
  await playStraight(handle);
  const { timeline } = (await handle.result()) as HotfixResult;
  const events = await eventsOf(handle);
  const measured = timeline.flatMap((event) =>
    event.type === 'monitored' ? event.data.result.measures : [],
  );
  const counts = measured.flatMap((measure) => Object.values(measure.counts));
  return {
    events: events.length,
    bytes: bytesOf(events),
    measured: counts.reduce((sum, count) => sum + count, 0),
    result: Buffer.byteLength(resultIn(events, 'monitor') ?? ''),
  };
}
