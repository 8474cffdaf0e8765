import { randomBytes } from 'node:crypto';
import type { Template } from '../../../src/activities/deploy/kubernetes/objects.ts';
import { revisionLists } from '../../../src/activities/deploy/kubernetes/revisions.ts';
import { until } from '../../activities/deploy/contract/bench.ts';
import { type KubernetesControlPlane, nodeName } from '../../support/kubernetes/control-plane.ts';
import { grantDocumented, type Rights } from './role.ts';

export type Kind = 'Deployment' | 'StatefulSet' | 'DaemonSet';

export interface Workload {
  metadata: {
    name: string;
    generation: number;
    annotations?: Record<string, string>;
  };
  spec: { replicas?: number; template: Template };
  status: Record<string, unknown> & {
    observedGeneration?: number;
    conditions?: { type: string; reason: string }[];
  };
}

type ReplicaSet = Pick<Workload, 'metadata' | 'spec'>;

const revisionAnnotation = 'deployment.kubernetes.io/revision';

export const imageOf = (ref: string) => `registry.example.com/shop:${ref}`;

/** More in it than an image, all of which a rollback must bring back. */
const container = (image: string) => ({
  name: 'shop',
  image,
  env: [
    { name: 'COLOR', value: 'blue' },
    { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ],
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
  readinessProbe: { httpGet: { path: '/ready', port: 8080 } },
});

const manifest = (kind: Kind, spec: object) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'shop' },
  spec: {
    selector: { matchLabels: { app: 'shop' } },
    template: {
      metadata: { labels: { app: 'shop' }, annotations: { 'example.com/team': 'shop' } },
      spec: { nodeName, containers: [container(imageOf('v1'))] },
    },
    ...(kind !== 'DaemonSet' && { replicas: 2 }),
    ...(kind === 'StatefulSet' && { serviceName: 'shop' }),
    ...spec,
  },
});

/** The shop of the tests, in a namespace of its own: v1 is live, with two pods. */
export class Shop {
  readonly plane: KubernetesControlPlane;
  readonly kind: Kind;
  readonly namespace: string;
  readonly path: string;
  token = '';

  private constructor(plane: KubernetesControlPlane, kind: Kind, namespace: string) {
    this.plane = plane;
    this.kind = kind;
    this.namespace = namespace;
    this.path = `/apis/apps/v1/namespaces/${namespace}/${kind.toLowerCase()}s/shop`;
  }

  static async open(
    plane: KubernetesControlPlane,
    {
      kind = 'Deployment',
      namespace = `shop-${randomBytes(4).toString('hex')}`,
      spec = {},
      ...rights
    }: Rights & { spec?: object } = {},
  ): Promise<Shop> {
    const shop = new Shop(plane, kind, namespace);
    await plane.create('/api/v1/namespaces', { metadata: { name: namespace } });
    shop.token = await grantDocumented(plane, { ...rights, namespace, kind });
    await plane.create(shop.path.replace(/\/shop$/, ''), manifest(kind, spec));
    return shop;
  }

  /** What a worker is given to deploy it; `change` goes over the configuration. */
  setting = (change: object = {}) => ({
    deploy: { ...this.config(), ...change },
    env: { SHOP_TOKEN: this.token },
    dataDirectory: '/nowhere',
  });

  /** The adapter's configuration; the API server at another url is a proxy before it. */
  config(server = this.plane.url) {
    return {
      adapter: 'kubernetes',
      kind: this.kind,
      namespace: this.namespace,
      name: 'shop',
      image: imageOf('{ref}'),
      server,
      tokenEnv: 'SHOP_TOKEN',
      ...(server === this.plane.url && { caFile: this.plane.caFile }),
      interval: '100ms',
    } as const;
  }

  read = () => this.plane.get<Workload>(this.path);

  /** Without the key that marks a deploy, the pod template is what is live. */
  template = async () => (await this.read()).spec.template;

  change = (spec: object) => this.plane.patch(this.path, { spec });

  /** As `kubectl set image` does. */
  setImage = (image: string) =>
    this.plane.patch(
      this.path,
      { spec: { template: { spec: { containers: [{ name: 'shop', image }] } } } },
      'strategic-merge',
    );

  /** Waits until its status is as asked, and the controller has seen the last change. */
  async settles(isIt: (workload: Workload) => boolean = () => true): Promise<Workload> {
    let seen = await this.read();
    await until(async () => {
      seen = await this.read();
      return seen.status.observedGeneration === seen.metadata.generation && isIt(seen);
    });
    return seen;
  }

  /** How often the workload was changed in the name of a step. */
  patches(key: string): number {
    return this.plane.audited().filter(({ objectRef, responseStatus, requestObject }) => {
      const { metadata } = (requestObject ?? {}) as {
        metadata?: { annotations?: Record<string, string> };
      };
      const [step] = JSON.parse(metadata?.annotations?.['hotfix/steps'] ?? '[]') as {
        key: string;
      }[];
      return (
        objectRef?.namespace === this.namespace &&
        (responseStatus?.code ?? 0) < 300 &&
        step?.key === key
      );
    }).length;
  }

  /** 1 where the workload or one of its revisions tells of the step. */
  async records(key: string): Promise<number> {
    const apps = `/apis/apps/v1/namespaces/${this.namespace}`;
    const lists = [`${this.kind.toLowerCase()}s`, revisionLists[this.kind].resource];
    const objects = await Promise.all(
      lists.map((list) => this.plane.get<{ items: Workload[] }>(`${apps}/${list}`)),
    );
    const told = objects
      .flatMap(({ items }) => items)
      .some(({ metadata }) => metadata.annotations?.['hotfix/steps']?.includes(`"${key}"`));
    return told ? 1 : 0;
  }

  /** As `kubectl rollout undo` does for a Deployment: template and annotations of the one before. */
  async undo(): Promise<void> {
    await this.settles();
    const { items } = await this.plane.get<{ items: ReplicaSet[] }>(
      `/apis/apps/v1/namespaces/${this.namespace}/replicasets`,
    );
    const revisionOf = ({ metadata }: ReplicaSet) =>
      Number(metadata.annotations?.[revisionAnnotation] ?? 0);
    const [, former] = items.toSorted((one, other) => revisionOf(other) - revisionOf(one));
    if (!former) throw new Error('there is nothing to undo');
    const { [revisionAnnotation]: _, ...annotations } = former.metadata.annotations ?? {};
    const { template } = former.spec;
    const { 'pod-template-hash': __, ...labels } = template.metadata?.labels ?? {};
    const value = { ...template, metadata: { ...template.metadata, labels } };
    await this.plane.patch(
      this.path,
      [
        { op: 'replace', path: '/spec/template', value },
        { op: 'replace', path: '/metadata/annotations', value: annotations },
      ],
      'json',
    );
  }

  /** The images that its pods have. */
  async images(): Promise<string[]> {
    const { items } = await this.plane.get<{ items: { spec: Template['spec'] }[] }>(
      `/api/v1/namespaces/${this.namespace}/pods`,
    );
    return [...new Set(items.map(({ spec }) => spec.containers[0]?.image ?? ''))].toSorted();
  }

  addContainer = (container: object) =>
    this.plane.patch(
      this.path,
      { spec: { template: { spec: { containers: [container] } } } },
      'strategic-merge',
    );

  /** Has the cluster keep so many former revisions, and waits until it does. */
  async keepsRevisions(count: number): Promise<void> {
    await this.change({ revisionHistoryLimit: count });
    const list = `/apis/apps/v1/namespaces/${this.namespace}/replicasets`;
    await until(
      async () => (await this.plane.get<{ items: unknown[] }>(list)).items.length <= count + 1,
    );
  }

  remove = () => this.plane.remove(this.path);

  /** What is left of it does not disturb others: each test has a namespace of its own. */
  async close(): Promise<void> {
    this.plane.thawPods();
  }
}
