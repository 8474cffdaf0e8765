import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection, ServiceError, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { HotfixActivities } from '../../src/activities/types.ts';
import { untilEnded } from '../../src/activities/workflow-end.ts';
import {
  type HotfixResult,
  taskQueue,
  type VerdictAnswer,
  workflowIdOf,
  workflowType,
} from '../../src/process/contract.ts';
import type { IncidentEvent, Opening, ServiceTerms } from '../../src/process/events.ts';
import type { SignalName } from '../../src/process/signals.ts';
import type { IncidentView } from '../../src/process/view.ts';
import { workerLimits } from '../../src/service/worker.ts';
import { actorOf, bodies, deployed, measured, opening } from './incidents.ts';
import { skipTime } from './temporal.ts';

/** The workflow's code as it ships: bundled by the build that every test run makes sure of. */
export const workflowBundle = {
  codePath: fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url)),
};

/** What the world answers where a test says nothing else: all is well. */
export const goodWorld = (): HotfixActivities => ({
  deploy: async () => deployed('succeeded'),
  rollback: async () => deployed('succeeded'),
  monitor: async () => measured('passed'),
  preflight: async () => [],
  notify: async () => ({ deliveries: [], onCall: [] }),
  findOnCall: async () => [],
  fileFollowUps: async (tasks) =>
    tasks.map(({ key }) => ({ key, id: `F-${key}`, tracker: 'incident' })),
  workflowEnd: untilEnded,
});

/** A worker and a client on one server; `stop` ends the worker and waits until it has drained. */
export class Bed {
  readonly client: Client;
  readonly queue: string;
  private readonly native: NativeConnection;

  private constructor(client: Client, native: NativeConnection, queue: string) {
    this.client = client;
    this.native = native;
    this.queue = queue;
  }

  static async at(address: string, queue = `${taskQueue}-${randomUUID()}`): Promise<Bed> {
    const connection = await Connection.connect({ address });
    return new Bed(new Client({ connection }), await NativeConnection.connect({ address }), queue);
  }

  /** Runs a worker, with what differs from the good world, until the returned function is called. */
  async work(
    activities: Partial<HotfixActivities> = {},
    workflows: Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> = { workflowBundle },
  ): Promise<() => Promise<void>> {
    const worker = await Worker.create({
      connection: this.native,
      taskQueue: this.queue,
      ...workflows,
      activities: { ...goodWorld(), ...activities },
      shutdownGraceTime: 100,
      ...workerLimits,
    });
    const running = worker.run();
    return async () => {
      worker.shutdown();
      await running;
    };
  }

  async open(
    terms: Partial<ServiceTerms> = {},
    request: Partial<Opening['request']> = {},
  ): Promise<LiveIncident> {
    const id = randomUUID().slice(0, 12);
    const handle = await this.client.workflow.start(workflowType, {
      workflowId: workflowIdOf(id),
      taskQueue: this.queue,
      args: [{ ...opening(terms, request), id }],
    });
    return new LiveIncident(this.client, handle);
  }

  async close(): Promise<void> {
    await this.client.connection.close();
    await this.native.close();
  }
}

/** An incident on a real server, in the hands of a test. */
export class LiveIncident {
  private readonly client: Client;
  readonly handle: WorkflowHandle;

  constructor(client: Client, handle: WorkflowHandle) {
    this.client = client;
    this.handle = handle;
  }

  view(): Promise<IncidentView> {
    return this.ask<IncidentView>('incident');
  }

  timeline(after = 0): Promise<IncidentEvent[]> {
    return this.ask<IncidentEvent[]>('timeline', after);
  }

  async events<T extends IncidentEvent['type']>(
    type: T,
  ): Promise<Extract<IncidentEvent, { type: T }>[]> {
    return (await this.timeline()).filter(
      (event): event is Extract<IncidentEvent, { type: T }> => event.type === type,
    );
  }

  send(name: SignalName, body: object = {}, envelope: object = {}): Promise<void> {
    return this.handle.signal(name, { ...bodies[name], ...body, by: actorOf(name), ...envelope });
  }

  /** Sends a signal and returns what became of it. */
  async say(name: SignalName, body: object = {}, envelope: object = {}): Promise<VerdictAnswer> {
    const requestId = randomUUID();
    await this.send(name, body, { requestId, ...envelope });
    return this.ask<VerdictAnswer>('verdict', requestId);
  }

  /** For a moment at its start, also in a new history, a workflow cannot be asked. */
  private async ask<T>(query: string, ...args: unknown[]): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.handle.query<T, unknown[]>(query, ...args);
      } catch (error) {
        const isNotReady =
          error instanceof ServiceError && /not scheduled yet/.test(String(error.cause));
        if (!isNotReady || tries === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** Waits until the view is as wanted; fails with the last view. */
  async until(what: string, isSo: (view: IncidentView) => boolean): Promise<IncidentView> {
    const end = performance.now() + 45_000;
    let view = await this.view();
    while (!isSo(view) && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      view = await this.view();
    }
    if (!isSo(view)) throw new Error(`never ${what}: ${JSON.stringify(view)}`);
    return view;
  }

  untilPhase(phase: IncidentView['phase'], attempt = 1): Promise<IncidentView> {
    return this.until(`${phase} ${attempt}`, (v) => v.phase === phase && v.attempt === attempt);
  }

  /** Waits until a role that is waited for is held by the person. */
  untilHeldBy(person: string): Promise<IncidentView> {
    return this.until(`held by ${person}`, ({ waitingFor }) =>
      waitingFor.some(({ assignees }) => assignees.includes(person)),
    );
  }

  async toPhase(
    phase: 'quickFix' | 'quickReview' | 'deploy' | 'verify' | 'postMortem',
  ): Promise<this> {
    const steps: [string, SignalName[]][] = [
      ['quickFix', ['incidentDeclared', 'priorityAssessed']],
      ['quickReview', ['fixReady']],
      ['deploy', ['sanityChecked', 'securityChecked']],
      ['verify', ['deployAuthorized']],
      ['postMortem', ['systemVerified', 'quickVerified']],
    ];
    for (const [name, signals] of steps) {
      for (const signal of signals) await this.send(signal);
      await this.until(name, (view) => view.phase === name);
      if (name === phase) break;
    }
    return this;
  }

  async finish(): Promise<HotfixResult> {
    for (const name of ['incidentReviewed', 'preventionPlanned'] as const) await this.send(name);
    for (const item of ['testsAdded', 'monitoringImproved']) {
      await this.send('checklistItemDone', { item });
    }
    return (await this.handle.result()) as HotfixResult;
  }

  /** A message that is still being sent stands in the way of the clock, which then overshoots. */
  private async settled(): Promise<void> {
    for (let tries = 0; tries < 500; tries += 1) {
      const { raw } = await this.handle.describe();
      const isSending = raw.pendingActivities?.some((one) => one.activityType?.name === 'notify');
      if (!isSending) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Moves the incident's own clock forward; what is due on the way has happened when this resolves. */
  async skip(milliseconds: number): Promise<void> {
    await this.settled();
    await skipTime(this.client.connection as Connection, this.handle.workflowId, milliseconds);
  }
}
