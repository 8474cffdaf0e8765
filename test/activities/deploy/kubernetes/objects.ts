import {
  type Workload,
  workloadSchema,
} from '../../../../src/activities/deploy/kubernetes/objects.ts';

export interface Parts {
  metadata?: object;
  spec?: object;
  status?: object;
  /** Of the pod template. */
  containers?: object[];
}

/** A workload as the API answers it, with three pods wanted; its controller has seen the last change. */
export function workload({ metadata, spec, status, containers }: Parts = {}): Workload {
  return workloadSchema.parse({
    metadata: { name: 'shop', uid: 'uid-1', generation: 5, resourceVersion: '77', ...metadata },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'shop' } },
      template: {
        metadata: { labels: { app: 'shop' } },
        spec: { containers: containers ?? [{ name: 'shop', image: 'r.example.com/shop:v1' }] },
      },
      ...spec,
    },
    status: { observedGeneration: 5, ...status },
  });
}
