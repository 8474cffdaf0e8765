import { randomUUID } from 'node:crypto';
import { compare } from '../support/comparison.ts';
import { declared } from '../support/incidents.ts';
import type { Measurement } from '../support/measurement.ts';
import { rawStart, startRaw } from '../support/raw.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { type Stand, withStand } from '../support/stand.ts';

const crowds = [
  { callers: 20, calls: 40, rounds: 30, patience: 15_000 },
  { callers: 1, calls: 40, rounds: 90, patience: 90_000 },
];

export const start: Measurement = {
  name: 'start',
  title: 'Starting an incident',
  about:
    '`POST /incidents` against `client.workflow.start` of the SDK, with an argument, memo and search ' +
    'attributes that are made as the API makes them. No worker is there: a start is answered without one, ' +
    'and what a worker does with the incidents before would only hide what the API costs.',
  measure: (bench) =>
    withStand(bench, async (stand) => {
      const compared = [];
      for (const { calls, ...plan } of crowds) {
        const onRound = (round: number) =>
          bench.progress.now(
            `starting, ${plan.callers} at a time`,
            `round ${round} of ${plan.rounds}`,
          );
        const timings = await sideBySide(sidesOn(stand, calls), { ...plan, onRound });
        compared.push({ callers: plan.callers, ...timings });
      }
      return compare('start', compared);
    }),
};

function sidesOn({ api, client }: Stand, calls: number) {
  return {
    raw: {
      prepare: () => Array.from({ length: calls }, () => declared),
      call: (request: typeof declared) => startRaw(client, rawStart(randomUUID(), request)),
    },
    api: {
      prepare: () => Array.from({ length: calls }, () => declared),
      call: (request: typeof declared) => api.start(request),
    },
  };
}
