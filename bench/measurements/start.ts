import { randomUUID } from 'node:crypto';
import { queries, workflowIdOf } from '../../src/process/contract.ts';
import { compare } from '../support/comparison.ts';
import { declared } from '../support/incidents.ts';
import type { Measurement } from '../support/measurement.ts';
import { rawStart, startRaw } from '../support/raw.ts';
import { type Sides, sideBySide } from '../support/side-by-side.ts';
import { type Stand, withStand } from '../support/stand.ts';

const crowds = [
  { callers: 1, rounds: 12, calls: 40 },
  { callers: 20, rounds: 8, calls: 160 },
];

export const start: Measurement = {
  name: 'start',
  title: 'Starting an incident',
  about:
    '`POST /incidents` against `client.workflow.start` of the SDK, with the same argument, memo and ' +
    'search attributes. A worker is there and takes up what is started.',
  measure: (bench) =>
    withStand(bench, async (stand) => {
      const compared = [];
      const sides = sidesOn(stand);
      for (const plan of crowds) {
        const onRound = (round: number) =>
          bench.progress.now(
            `starting, ${plan.callers} at a time`,
            `round ${round} of ${plan.rounds}`,
          );
        const timings = await sideBySide(sides, { ...plan, onRound });
        compared.push({ callers: plan.callers, ...timings });
      }
      return compare('start', compared);
    }),
};

function sidesOn({ api, client }: Stand): Sides<ReturnType<typeof rawStart>, object> {
  let last: string | undefined;
  return {
    raw: {
      prepare: (count) => Array.from({ length: count }, () => rawStart(randomUUID(), declared)),
      call: async (options) => {
        await startRaw(client, options);
        last = options.workflowId;
      },
    },
    api: {
      prepare: (count) => Array.from({ length: count }, () => declared),
      call: async (request) => {
        last = workflowIdOf((await api.start(request)).id);
      },
    },
    // The worker takes up incidents in their order: once it knows the last, it is idle.
    settle: async () => last && client.workflow.getHandle(last).query(queries.incident),
  };
}
