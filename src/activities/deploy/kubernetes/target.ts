import type { z } from 'zod';
import type { Client } from './client.ts';
import type { KubernetesConfig } from './config.ts';
import {
  accessReviewSchema,
  type Pod,
  podsSchema,
  type Workload,
  workloadSchema,
} from './objects.ts';
import type { Request } from './refusals.ts';
import { type Revision, revisionLists, revisionsOf, spellSelector } from './revisions.ts';

/** The workload that the configuration names, in its cluster. */
export interface Target {
  /** As in a sentence: `Deployment shop in namespace prod`. */
  readonly name: string;
  /** As kubectl takes it: `deployment/shop -n prod`. */
  readonly argument: string;
  read(signal: AbortSignal): Promise<Workload>;
  /** A strategic merge patch; undefined where it names a resourceVersion that is not the last. */
  patch(body: object, signal: AbortSignal): Promise<Workload | undefined>;
  /** Newest first. */
  revisions(workload: Workload, signal: AbortSignal): Promise<Revision[]>;
  pods(workload: Workload, signal: AbortSignal): Promise<Pod[]>;
  /** The rights that are missing, as `patch deployments "shop"`. */
  missingRights(signal: AbortSignal): Promise<string[]>;
}

const resources = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
} as const;

/** More than this are not needed to say why a rollout does not go on. */
const mostPods = 100;

export function createTarget(config: KubernetesConfig, client: Client): Target {
  const { kind, namespace } = config;
  const resource = resources[kind];
  const { resource: listed, schema: revisionsSchema } = revisionLists[kind];
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  const path = `${apps}/${resource}/${config.name}`;
  const name = `${kind} ${config.name} in namespace ${namespace}`;
  const rights = [
    { verb: 'get', resource, name: config.name },
    { verb: 'patch', resource, name: config.name },
    { verb: 'list', resource: listed },
  ];

  const list = <S extends z.ZodType>(
    request: Pick<Request, 'resource' | 'path' | 'about'>,
    workload: Workload,
    schema: S,
    signal: AbortSignal,
  ) => {
    const selector = encodeURIComponent(spellSelector(workload.spec.selector));
    const query = `?labelSelector=${selector}${request.resource === 'pods' ? `&limit=${mostPods}` : ''}`;
    return client.ask({ ...request, verb: 'list', path: request.path + query }, schema, signal);
  };

  async function isAllowed(right: (typeof rights)[number], signal: AbortSignal): Promise<boolean> {
    const resourceAttributes = { namespace, group: 'apps', ...right };
    const request = {
      verb: 'create',
      resource: 'selfsubjectaccessreviews',
      about: 'a review of its own rights',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes },
      },
    } as const;
    return (await client.ask(request, accessReviewSchema, signal)).status.allowed;
  }

  return {
    name,
    argument: `${kind.toLowerCase()}/${config.name} -n ${namespace}`,
    read: (signal) =>
      client.ask({ verb: 'get', resource, about: name, path }, workloadSchema, signal),
    patch: (body, signal) => {
      const patched = `${path}?fieldManager=hotfix`;
      const request = { verb: 'patch', resource, about: name, path: patched, body } as const;
      return client.tryPatch(request, workloadSchema, signal);
    },
    revisions: async (workload, signal) => {
      const request = {
        resource: listed,
        about: `the revisions of ${name}`,
        path: `${apps}/${listed}`,
      };
      return revisionsOf(workload, await list(request, workload, revisionsSchema, signal));
    },
    pods: async (workload, signal) => {
      const path = `/api/v1/namespaces/${namespace}/pods`;
      const request = { resource: 'pods', about: `the pods of ${name}`, path };
      return (await list(request, workload, podsSchema, signal)).items;
    },
    missingRights: async (signal) => {
      const missing: string[] = [];
      for (const right of rights) {
        if (await isAllowed(right, signal)) continue;
        missing.push(`${right.verb} ${right.resource}${right.name ? ` "${right.name}"` : ''}`);
      }
      return missing;
    },
  };
}
