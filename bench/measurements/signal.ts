import { randomUUID } from 'node:crypto';
import type { Bench } from '../support/bench.ts';
import { compare } from '../support/comparison.ts';
import { declared, startIncidents } from '../support/incidents.ts';
import type { Measurement } from '../support/measurement.ts';
import { signalRaw } from '../support/raw.ts';
import { type Sides, sideBySide } from '../support/side-by-side.ts';
import { type Stand, withStand } from '../support/stand.ts';

const name = 'commented';
const comment = { text: 'The error rate falls since the fix went live; watching the checkout.' };

const crowds = [
  { callers: 1, rounds: 10, calls: 20 },
  { callers: 20, rounds: 10, calls: 80 },
];

export const signal: Measurement = {
  name: 'signal',
  title: 'A signal and its verdict',
  about:
    '`POST /incidents/{id}/signals/commented` against `handle.signal` and then `handle.query` for the ' +
    'verdict with the SDK: the same signal and query, one to each of the same incidents in every round.',
  measure: (bench) =>
    withStand(bench, async (stand) => {
      const compared = [];
      for (const plan of crowds) compared.push(await measureAt(plan, stand, bench));
      return compare('signal', compared);
    }),
};

async function measureAt(
  plan: (typeof crowds)[number],
  stand: Stand,
  { progress }: Bench,
): Promise<Parameters<typeof compare>[1][number]> {
  const { callers, rounds } = plan;
  const onRound = (round: number) =>
    progress.now(`signalling, ${callers} at a time`, `round ${round} of ${rounds}`);
  const requests = Array.from({ length: plan.calls }, () => declared);
  const ids = await startIncidents(stand.api, requests, callers);
  return { callers, ...(await sideBySide(sidesOn(stand, ids), { ...plan, onRound })) };
}

function sidesOn({ api, client }: Stand, ids: string[]): Sides<string, string> {
  return {
    raw: {
      prepare: () => ids,
      call: (id) => {
        const envelope = { by: 'operator', at: new Date().toISOString(), requestId: randomUUID() };
        return signalRaw(client, id, name, { ...comment, ...envelope });
      },
    },
    api: { prepare: () => ids, call: (id) => api.signal(id, name, comment) },
    // Each call ends with the worker's answer: nothing is left to be done.
    settle: async () => {},
  };
}
