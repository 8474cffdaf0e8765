import { randomUUID } from 'node:crypto';
import { compare } from '../support/comparison.ts';
import { declared, startIncidents } from '../support/incidents.ts';
import type { Measurement } from '../support/measurement.ts';
import { signalRaw } from '../support/raw.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { type Stand, withStand } from '../support/stand.ts';

const name = 'commented';
const comment = { text: 'The error rate falls since the fix went live; watching the checkout.' };

/** In each round either side signals each of the incidents once. */
const crowds = [
  { callers: 1, incidents: 5, rounds: 60, patience: 15_000 },
  { callers: 20, incidents: 40, rounds: 30, patience: 15_000 },
];

export const signal: Measurement = {
  name: 'signal',
  title: 'A signal and its verdict',
  about:
    '`POST /incidents/{id}/signals/commented` against `handle.signal` and then `handle.query` for the ' +
    'verdict with the SDK: the same signal and query, one to each of the same incidents in every round.',
  measure: (bench) =>
    withStand(bench, async (stand) => {
      await stand.startWorker();
      const compared = [];
      for (const { incidents, ...plan } of crowds) {
        const what = `signalling, ${plan.callers} at a time`;
        const onRound = (round: number) =>
          bench.progress.now(what, `round ${round} of ${plan.rounds}`);
        bench.progress.now(what);
        const requests = Array.from({ length: incidents }, () => declared);
        const ids = await startIncidents(stand.api, requests, plan.callers);
        const timings = await sideBySide(sidesOn(stand, ids), { ...plan, onRound });
        compared.push({ callers: plan.callers, ...timings });
      }
      return compare('signal', compared);
    }),
};

function sidesOn({ api, client }: Stand, ids: string[]) {
  const prepare = () => ids;
  return {
    raw: {
      prepare,
      call: (id: string) => {
        const envelope = { by: 'operator', at: new Date().toISOString(), requestId: randomUUID() };
        return signalRaw(client, id, name, { ...comment, ...envelope });
      },
    },
    api: { prepare, call: (id: string) => api.signal(id, name, comment) },
  };
}
