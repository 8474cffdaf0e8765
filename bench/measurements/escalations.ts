import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Notification } from '../../src/process/notifications.ts';
import type { Told } from '../../src/process/outcomes.ts';
import type { Bench } from '../support/bench.ts';
import { callAll } from '../support/callers.ts';
import { awaitResult } from '../support/history.ts';
import { request } from '../support/incidents.ts';
import type { Findings, Measurement } from '../support/measurement.ts';
import { openingOf, rawCarryOn, startRaw } from '../support/raw.ts';
import { type Arrival, startReceiver } from '../support/receiver.ts';
import { timelineAt } from '../support/roles.ts';
import { inScope } from '../support/scope.ts';
import { type Site, secretEnv, startSite } from '../support/site.ts';
import { percentile } from '../support/statistics.ts';

const count = 1_000;
const callers = 20;

/** From the start of the first incident to the first escalation, in milliseconds. */
const lead = 25_000;

/** From the first escalation to the last, in milliseconds. */
const span = 30_000;

/** So long they are waited for, in milliseconds. */
const patience = 150_000;

/** What was delivered less than this before the kill may not have been on record yet; in milliseconds. */
const moment = 2_000;

export const escalations: Measurement = {
  name: 'escalations',
  title: `${count} escalations in one minute, and a worker that is killed`,
  about:
    `${count} incidents whose reviews come to the end of their 15 minutes within ${span / 1_000} s, evenly ` +
    'spread, with one webhook. When half of them are told, the worker is killed (SIGKILL) and another ' +
    'one is started at once. The delay is from the moment it was due to the request at the receiver.',
  measure: (bench) =>
    inScope(bench, async (started) => {
      const requests = new Requests();
      const url = await startReceiver(started, {}, (arrival) => requests.hear(arrival));
      const channel = { adapter: 'webhook', name: 'receiver', url, secretEnv, rateLimit: 100 };
      const site = await startSite(bench, started, { notifications: [channel] });
      const worker = await site.startWorker();
      const reviews = await begin(site, bench);
      await until(
        bench,
        () => requests.told >= count / 2,
        () => `${requests.told} are told`,
      );
      const killedAt = Date.now();
      await worker.kill();
      await site.startWorker();
      const readyAt = Date.now();
      await until(
        bench,
        () => requests.told >= count,
        () => `${requests.told} are told`,
      );
      const recorded = await recordedOf(reviews, bench);
      return findings({ reviews, requests, killedAt, readyAt, recorded });
    }),
};

/** An incident that is being reviewed. Times in milliseconds since 1970. */
interface Review {
  incidentId: string;
  handle: WorkflowHandle;
  /** When its escalation was due; where it was started later than that, when it was. */
  due: number;
}

/** What the receiver has had of escalations: by `webhook-id`, when each request came. */
class Requests {
  private readonly byId = new Map<string, number[]>();
  private readonly idOf = new Map<string, string>();

  hear({ at, id, body }: Arrival): void {
    const { kind, incidentId } = JSON.parse(body) as Notification;
    if (kind !== 'escalation') return;
    this.byId.set(id, [...(this.byId.get(id) ?? []), performance.timeOrigin + at]);
    this.idOf.set(incidentId, id);
  }

  /** How many incidents have been told of. */
  get told(): number {
    return this.idOf.size;
  }

  /** When the incident was told of first; undefined where it was not. */
  firstOf(incidentId: string): number | undefined {
    return this.byId.get(this.idOf.get(incidentId) ?? '')?.[0];
  }

  /** The requests of each message that came more than once. */
  repeated(): number[][] {
    return [...this.byId.values()].filter((times) => times.length > 1);
  }
}

/** Starts the incidents, each in its review. */
async function begin({ client, termsOf }: Site, { progress }: Bench): Promise<Review[]> {
  const terms = termsOf(request.service);
  const { limit } = terms.policy.escalation.quickReview;
  const first = Date.now() + lead;
  const reviews: Review[] = [];
  const moments = Array.from({ length: count }, (_, number) => first + (number * span) / count);
  await callAll(moments, callers, async (due) => {
    const incidentId = randomUUID();
    const since = new Date(due - limit).toISOString();
    const timeline = timelineAt('quickReview', openingOf(incidentId, request, terms), since);
    const handle = await startRaw(client, rawCarryOn(timeline));
    reviews.push({ incidentId, handle, due: Math.max(due, Date.now()) });
    progress.now('starting reviews', `${reviews.length} of ${count}`);
  });
  return reviews;
}

async function until({ progress }: Bench, isSo: () => boolean, standing: () => string) {
  for (const end = Date.now() + patience; !isSo() && Date.now() < end; await sleep(20)) {
    progress.now('escalating', standing());
  }
}

/** How many incidents have their escalation on record as delivered; each is looked at until it has. */
async function recordedOf(reviews: Review[], { progress }: Bench): Promise<number> {
  progress.now('looking at the record');
  const deadline = performance.now() + patience;
  let recorded = 0;
  await callAll(reviews, callers, async ({ handle }) => {
    const result = await awaitResult(handle, 'notify', deadline);
    const notified = result === undefined ? null : (JSON.parse(result) as Told);
    if (notified?.deliveries.some(({ outcome }) => outcome === 'delivered')) recorded += 1;
  });
  return recorded;
}

interface Seen {
  reviews: Review[];
  requests: Requests;
  killedAt: number;
  readyAt: number;
  recorded: number;
}

function findings({ reviews, requests, killedAt, readyAt, recorded }: Seen): Findings {
  const row = (when: string, isSo: (due: number) => boolean) => {
    const delays = reviews
      .filter(({ due }) => isSo(due))
      .flatMap(({ incidentId, due }) => {
        const at = requests.firstOf(incidentId);
        return at === undefined ? [] : [at - due];
      });
    const cells = [percentile(delays, 0.5), percentile(delays, 0.99), percentile(delays, 1)];
    return [
      ...[when, String(delays.length)],
      ...cells.map((delay) => (delays.length === 0 ? '' : `${(delay / 1_000).toFixed(2)} s`)),
    ];
  };
  const repeated = requests.repeated();
  const unexplained = repeated.filter(
    ([first = 0, ...others]) => others.length > 1 || first < killedAt - moment,
  );
  return {
    table: [
      ['due', 'told', 'p50', 'p99', 'longest'],
      row('before the kill', (due) => due < killedAt),
      row('while there was no worker', (due) => due >= killedAt && due < readyAt),
      row('afterwards', (due) => due >= readyAt),
      row('all', () => true),
    ],
    notes: [
      `The new worker took work ${((readyAt - killedAt) / 1_000).toFixed(1)} s after the kill. ` +
        `${recorded} incidents have their message on record as delivered, and ${repeated.length} ` +
        'messages came twice, with the same `webhook-id`: what the killed worker had sent and could not ' +
        'record any more.',
      'The incidents begin as one that carries on in a new history, with the timeline that they came to the ' +
        'review by.',
    ],
    bars: [
      { what: 'escalations delivered, of 1,000', value: requests.told, atLeast: count },
      { what: 'escalations on record as delivered, of 1,000', value: recorded, atLeast: count },
      {
        what: 'escalations sent again though on record before the kill',
        value: unexplained.length,
        atMost: 0,
      },
    ],
  };
}
