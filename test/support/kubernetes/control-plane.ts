import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import { Agent, fetch } from 'undici';
import { type Executables, findExecutables } from './executables.ts';
import { Server } from './server.ts';

export interface Answer<T> {
  status: number;
  body: T;
}

/** A request as the API server's audit log keeps it. */
export interface Audited {
  verb: string;
  user: { username: string };
  objectRef?: { resource: string; namespace: string; name: string };
  requestURI: string;
  requestObject?: unknown;
  responseStatus?: { code: number };
}

const adminToken = 'token-of-the-admin';
/** The node that kwok plays; a pod on any other never becomes ready. */
export const nodeName = 'node-1';

const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [
    { level: 'Request', verbs: ['patch'], resources: [{ group: 'apps' }] },
    { level: 'None' },
  ],
};

const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'daemonset-controller',
];

/**
 * A real Kubernetes control plane on loopback: etcd, the API server with RBAC, the controllers of
 * workloads, and kwok, which plays a node whose pods become ready. Ready within seconds.
 */
export class KubernetesControlPlane {
  readonly url: string;
  readonly #folder: string;
  readonly #servers: Server[] = [];
  #kwok: Server | undefined;
  #agent: Agent | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.url = `https://127.0.0.1:${port}`;
  }

  static async start(): Promise<KubernetesControlPlane> {
    const executables = await findExecutables();
    const folder = mkdtempSync(join(tmpdir(), 'hotfix-kubernetes-'));
    const plane = new KubernetesControlPlane(folder, await getPort());
    try {
      await plane.#start(executables);
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  /** The certificates by which the API server is trusted. */
  get caFile(): string {
    return this.#at('certificates/apiserver.crt');
  }

  async #start(executables: Executables): Promise<void> {
    const etcd = `http://127.0.0.1:${await getPort()}`;
    const peers = `http://127.0.0.1:${await getPort()}`;
    this.#run('etcd', executables.etcd, [
      ...['--data-dir', this.#at('etcd'), '--unsafe-no-fsync'],
      ...['--listen-client-urls', etcd, '--advertise-client-urls', etcd],
      ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers],
      ...['--initial-cluster', `default=${peers}`],
    ]);
    this.#writeFiles();
    const key = this.#at('service-accounts.key');
    this.#run('kube-apiserver', executables.apiServer, [
      ...['--etcd-servers', etcd, '--bind-address', '127.0.0.1'],
      ...['--secure-port', new URL(this.url).port, '--cert-dir', this.#at('certificates')],
      ...['--endpoint-reconciler-type', 'none', '--service-cluster-ip-range', '10.0.0.0/24'],
      ...['--authorization-mode', 'RBAC', '--token-auth-file', this.#at('tokens.csv')],
      ...['--service-account-issuer', 'https://kubernetes.example.com'],
      ...['--service-account-key-file', key, '--service-account-signing-key-file', key],
      ...['--disable-admission-plugins', 'ServiceAccount,TaintNodesByCondition'],
      ...['--audit-policy-file', this.#at('audit-policy.json')],
      ...['--audit-log-path', this.#at('audit.log')],
    ]);
    await this.#untilReady();
    const kubeconfig = this.kubeconfig(adminToken);
    this.#run('kube-controller-manager', executables.controllerManager, [
      ...['--kubeconfig', kubeconfig, '--secure-port', '0', '--leader-elect=false'],
      ...['--controllers', controllers.join(',')],
    ]);
    this.#kwok = this.#run('kwok', executables.kwok, [
      ...['--kubeconfig', kubeconfig, '--manage-all-nodes=true', '--config', executables.stages],
    ]);
    await this.create('/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: nodeName },
    });
  }

  #writeFiles(): void {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(this.#at('service-accounts.key'), key);
    writeFileSync(this.#at('tokens.csv'), `${adminToken},admin,admin,system:masters\n`);
    writeFileSync(this.#at('audit-policy.json'), JSON.stringify(auditPolicy));
  }

  #run(name: string, path: string, args: string[]): Server {
    const server = new Server(name, path, args, this.#folder);
    this.#servers.push(server);
    return server;
  }

  async #untilReady(): Promise<void> {
    for (;;) {
      for (const server of this.#servers) server.assertRunning();
      try {
        this.#agent ??= new Agent({ connect: { ca: readFileSync(this.caFile) } });
        if ((await this.request('GET', '/readyz')).status === 200) return;
      } catch {
        // It does not listen yet, or has not written its certificate.
      }
      await delay(50);
    }
  }

  /** A kubeconfig file for a token; of another address than the server's own where one is given. */
  kubeconfig(token: string, server = this.url): string {
    const path = this.#at(`${token.slice(-12)}-${new URL(server).port}.kubeconfig`);
    const cluster = server === this.url ? { 'certificate-authority': this.caFile } : {};
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'plane', cluster: { server, ...cluster } }],
      users: [{ name: 'user', user: { token } }],
      contexts: [{ name: 'here', context: { cluster: 'plane', user: 'user' } }],
      'current-context': 'here',
    };
    writeFileSync(path, JSON.stringify(config));
    return path;
  }

  /** As the admin, who may do everything. */
  async request<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    contentType = 'application/json',
  ): Promise<Answer<T>> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': contentType },
      ...(this.#agent && { dispatcher: this.#agent }),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, body: (isJson ? JSON.parse(text) : text) as T };
  }

  /** Throws where it is refused, with the server's words. */
  async #must<T>(...request: Parameters<KubernetesControlPlane['request']>): Promise<T> {
    const { status, body } = await this.request(...request);
    if (status < 300) return body as T;
    throw new Error(`${request[0]} ${request[1]}: ${status} ${JSON.stringify(body)}`);
  }

  get = <T>(path: string) => this.#must<T>('GET', path);
  create = <T>(path: string, body: unknown) => this.#must<T>('POST', path, body);
  remove = (path: string) => this.#must('DELETE', path);
  patch = <T>(path: string, body: unknown, type: 'merge' | 'strategic-merge' | 'json' = 'merge') =>
    this.#must<T>('PATCH', path, body, `application/${type}-patch+json`);

  /** A token of a service account, as `kubectl create token` makes it. */
  async tokenOf(namespace: string, account: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    return (await this.create<{ status: { token: string } }>(path, body)).status.token;
  }

  /** The patches of workloads that have been answered so far. */
  audited(): Audited[] {
    const whole = readFileSync(this.#at('audit.log'), 'utf8').split('\n').slice(0, -1);
    return whole.map((line) => JSON.parse(line) as Audited);
  }

  /** No pod becomes ready, and none goes, until the pods are thawed. */
  freezePods(): void {
    this.#kwok?.signal('SIGSTOP');
  }

  thawPods(): void {
    this.#kwok?.signal('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.#agent?.destroy();
    await Promise.all(this.#servers.map((server) => server.stop()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #at = (name: string) => join(this.#folder, name);
}
