import { createHash } from 'node:crypto';

export interface Operation {
  sync: {
    revision?: string;
    revisions?: string[];
    source?: Source;
    sources?: Source[];
    syncStrategy?: { apply: object };
  };
  initiatedBy: { username?: string; automated?: boolean };
  info?: { name: string; value: string }[];
}

interface Source {
  repoURL: string;
  path: string;
  targetRevision?: string;
}

interface OperationState {
  operation: Operation;
  phase: 'Running' | 'Terminating' | 'Succeeded' | 'Failed' | 'Error';
  message?: string;
  startedAt: string;
  finishedAt?: string;
  syncResult?: {
    revision: string;
    revisions?: string[];
    source?: Source;
    resources?: Record<string, unknown>[];
  };
}

interface HistoryEntry {
  id: number;
  revision?: string;
  revisions?: string[];
  source?: Source;
  sources?: Source[];
  deployStartedAt: string;
  deployedAt: string;
  initiatedBy: Operation['initiatedBy'];
}

/** Argo CD keeps ten entries unless an Application says otherwise. */
const longestHistory = 10;

/** As Git resolves a tag or a branch of these tests. */
export const commitOf = (revision: string): string =>
  /^[0-9a-f]{40}$/.test(revision) ? revision : createHash('sha1').update(revision).digest('hex');

/** Times as Kubernetes writes them, in whole seconds. */
export const timestamp = (at = Date.now()): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

/**
 * An Application and what Argo CD's controller does with it. Each look at it lets the controller go one
 * step further: an operation begins, ends, the Application is compared, and becomes healthy.
 */
export class StandInApplication {
  readonly metadata: { name: string; namespace: string };
  spec: {
    project: string;
    destination: { server: string; namespace: string };
    source?: Source;
    sources?: Source[];
    syncPolicy?: { automated?: { enabled?: boolean } };
  };
  operation: Operation | undefined;
  status: {
    operationState?: OperationState;
    history?: HistoryEntry[];
    health: { status: string; message?: string };
    sync: { status: string; revision?: string };
    reconciledAt?: string;
    resources: Record<string, unknown>[];
  };
  /** What was applied last, whatever history is kept of it. */
  applied = '';
  hangs = false;
  /** What its health becomes once it is compared after an operation. */
  healths = ['Progressing', 'Healthy'];
  #healthsLeft: string[] = [];

  constructor(name: string, revision: string) {
    this.metadata = { name, namespace: 'argocd' };
    const source = { repoURL: 'https://git.example/shop', path: 'deploy', targetRevision: 'main' };
    const destination = { server: 'https://kubernetes.default.svc', namespace: 'shop' };
    this.spec = { project: 'default', destination, source };
    this.status = {
      health: { status: 'Healthy' },
      sync: { status: 'Synced', revision: commitOf('main') },
      resources: this.#resources('Healthy'),
    };
    this.#run({ sync: { revision, source }, initiatedBy: { username: 'ana' } });
  }

  /** As the server sends it. */
  get json() {
    const { metadata, spec, operation, status } = this;
    return structuredClone({ metadata, spec, ...(operation && { operation }), status });
  }

  /** Sets an operation to be carried out; false where there is one. */
  request(operation: Operation): boolean {
    if (this.operation) return false;
    this.operation = operation;
    delete this.status.operationState;
    return true;
  }

  /** What somebody does by their own means, to its end. */
  changeByHand(revision: string): void {
    const { source } = this.spec;
    this.#run({
      sync: { revision: commitOf(revision), ...(source && { source }) },
      initiatedBy: { username: 'ana' },
    });
  }

  #run(operation: Operation): void {
    if (!this.request(operation)) throw new Error('another operation is in progress');
    this.#begin();
    this.complete('Succeeded');
    while (this.status.health.status !== 'Healthy' || this.#healthsLeft.length > 0) this.step();
  }

  terminate(): void {
    // What is asked for and not begun yet would go on as if nobody had said anything.
    if (this.operation && !this.status.operationState) this.#begin();
    if (this.status.operationState) this.status.operationState.phase = 'Terminating';
  }

  /** One step of the controller. */
  step(): void {
    const { operation, status } = this;
    const { operationState: state } = status;
    if (operation && !state) this.#begin();
    else if (state?.phase === 'Terminating') this.complete('Failed', 'Operation terminated');
    else if (state?.phase === 'Running' && !this.hangs) this.complete('Succeeded');
    else if (!operation) this.#compare();
  }

  #begin(): void {
    const operation = this.operation;
    if (!operation) return;
    const { revision = '', revisions, source } = operation.sync;
    this.status.operationState = {
      operation,
      phase: 'Running',
      message: 'waiting for completion of hook batch/Job/migrate',
      startedAt: timestamp(),
      syncResult: {
        revision,
        ...(revisions && { revisions }),
        ...(source && { source }),
        resources: [
          resultOf('ConfigMap', 'shop', { status: 'Synced', message: 'configmap/shop configured' }),
          resultOf('Job', 'migrate', { hookType: 'PreSync', hookPhase: 'Running' }),
        ],
      },
    };
  }

  complete(phase: 'Succeeded' | 'Failed', message = 'successfully synced (all tasks run)'): void {
    if (!this.status.operationState) this.#begin();
    const { operationState: state } = this.status;
    if (!state || !this.operation) return;
    const finishedAt = timestamp();
    Object.assign(state, { phase, message, finishedAt });
    this.operation = undefined;
    if (phase === 'Failed') return;
    state.syncResult?.resources?.push(
      resultOf('Deployment', 'shop', {
        status: 'Synced',
        message: 'deployment.apps/shop configured',
      }),
    );
    const { revision, revisions, source, sources } = state.operation.sync;
    const content = {
      ...(revisions ? { revisions } : { revision: revision ?? '' }),
      ...(sources ? { sources } : source && { source }),
    };
    this.applied = JSON.stringify(content);
    const history = this.status.history ?? [];
    const { startedAt: deployStartedAt } = state;
    const { initiatedBy } = state.operation;
    const times = { deployStartedAt, deployedAt: finishedAt };
    const id = (history.at(-1)?.id ?? -1) + 1;
    history.push({ id, ...content, ...times, initiatedBy });
    this.status.history = history.slice(-longestHistory);
    // Until the Application is compared again, its health is that of before.
    this.status.reconciledAt = timestamp(Date.now() - 60_000);
    this.#healthsLeft = [...this.healths];
  }

  #compare(): void {
    const next = this.#healthsLeft.shift();
    if (next === undefined) return;
    this.status.reconciledAt = timestamp();
    this.status.health = { status: next };
    this.status.resources = this.#resources(next);
    const live = this.status.history?.at(-1)?.revision;
    this.status.sync.status = live === this.status.sync.revision ? 'Synced' : 'OutOfSync';
  }

  #resources(status: string) {
    const base = { version: 'v1', namespace: 'shop', name: 'shop', status: 'Synced' };
    const health = { status, ...(status !== 'Healthy' && { message: `it is ${status}` }) };
    return [
      { ...base, kind: 'ConfigMap' },
      { ...base, group: 'apps', kind: 'Deployment', health },
    ];
  }
}

const resultOf = (kind: string, name: string, more: object) => ({
  group: { Deployment: 'apps', Job: 'batch' }[kind] ?? '',
  version: 'v1',
  kind,
  namespace: 'shop',
  name,
  ...more,
});
