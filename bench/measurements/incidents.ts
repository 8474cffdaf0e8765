import { callAll } from '../support/callers.ts';
import { straightIncident, straightSignals } from '../support/incidents.ts';
import type { Measurement } from '../support/measurement.ts';
import { services, withStand } from '../support/stand.ts';
import { summarise } from '../support/statistics.ts';

/** Milliseconds after which none begins. */
const patience = 20_000;

const crowds = [
  { callers: 1, count: 6 },
  { callers: 20, count: 40 },
];

export const incidents: Measurement = {
  name: 'incidents',
  title: 'Whole incidents',
  about:
    `The straight way through the API: the start, ${straightSignals} signals of the roles, and the ` +
    'reads until the machinery (the deploy by hand, the filing of the follow-up) has done its part.',
  measure: (bench) =>
    withStand(bench, async ({ api, startWorker }) => {
      await startWorker();
      const rows = [];
      for (const { callers, count } of crowds) {
        let done = 0;
        let begun = 0;
        const whole = async () => {
          bench.progress.now(`whole incidents, ${callers} at a time`, `${done} of ${count}`);
          begun += 1;
          // Incidents of one service deploy one after the other, and are asked again.
          await straightIncident(api, `${services.manual}-${callers}-${begun}`);
          done += 1;
        };
        const end = performance.now() + patience;
        const timing = await callAll(Array.from({ length: count }), callers, whole, end);
        const { p50, rate } = summarise(timing);
        rows.push([
          ...[callers === 1 ? '1 caller' : `${callers} callers`, String(timing.latencies.length)],
          ...[`${(p50 / 1000).toFixed(2)} s`, `${rate.toFixed(1)}/s`],
        ]);
      }
      return { table: [['callers', 'incidents', 'p50', 'rate'], ...rows], bars: [] };
    }),
};
