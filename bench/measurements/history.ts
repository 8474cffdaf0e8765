import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { workflowIdOf } from '../../src/process/contract.ts';
import { billableIn } from '../support/actions.ts';
import { straightIncident, straightSignals } from '../support/incidents.ts';
import type { Bar, Measurement } from '../support/measurement.ts';
import { type Stand, services, withStand } from '../support/stand.ts';

/** A straight incident without a soak stays below this. */
const mostEvents = 150;

const { History } = proto.temporal.api.history.v1;

export const history: Measurement = {
  name: 'history',
  title: 'What one incident leaves in Temporal',
  about:
    'The history of one straight incident: of a service that is connected to nothing, and of one that ' +
    'is deployed by command.',
  measure: (bench) =>
    withStand(bench, async (stand) => {
      await stand.startWorker();
      const rows: string[][] = [];
      const bars: Bar[] = [];
      for (const [how, service] of Object.entries(services)) {
        bench.progress.now(`a straight incident, ${how}`);
        const left = await leftBy(stand, service);
        const actions = Object.values(left.actions).reduce((sum, count) => sum + count, 0);
        const kinds = Object.entries(left.actions).map(([kind, count]) => `${count} ${kind}`);
        rows.push([
          ...[how, String(left.events), left.bytes.toLocaleString('en'), String(actions)],
          kinds.join(', '),
        ]);
        bars.push({
          what: `events of a straight incident, ${how}`,
          value: left.events,
          atMost: mostEvents,
        });
      }
      const columns = ['service', 'history events', 'bytes', 'Temporal actions', 'of these'];
      return { table: [columns, ...rows], notes, bars };
    }),
};

const notes = [
  'Bytes are those of the history as Temporal keeps it, without its indices.',
  'Actions are counted as Temporal Cloud bills them (https://docs.temporal.io/cloud/actions), with one ' +
    'query for the verdict on each signal. Heartbeats are not in a history; activities that end within ' +
    'seconds send none that are billed. Who reads an open incident pays one query more each time.',
];

async function leftBy({ api, client }: Stand, service: string) {
  const handleOf = (id: string) => client.workflow.getHandle(workflowIdOf(id));
  const id = await straightIncident(api, service, (known) => idle(handleOf(known)));
  await handleOf(id).result();
  const { events } = await handleOf(id).fetchHistory();
  if (!events) throw new Error(`The incident ${id} has no history.`);
  return {
    events: events.length,
    bytes: History.encode({ events }).finish().length,
    actions: { ...billableIn(events), queries: straightSignals },
  };
}

/**
 * People take longer than the machinery, so it has nothing to do when they signal. Without that, tasks
 * would fall together by chance, and the history of the bench be shorter than those of real incidents.
 */
async function idle(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    const { raw } = await handle.describe();
    if (!raw.pendingActivities?.length && !raw.pendingWorkflowTask) return;
    await sleep(20);
  }
}
