import type { KubernetesConfig } from './config.ts';
import type { Workload } from './objects.ts';

export type Kind = KubernetesConfig['kind'];

/** How far a workload's rollout is. */
export interface Rollout {
  state: 'going' | 'done' | 'stuck';
  /** For people: `2 of 3 pods new, 1 available`, and what the controller complains of. */
  lines: string[];
}

interface Counts {
  wanted: number;
  /** Of those, what this rollout is to replace: fewer where a partition holds some back. */
  due: number;
  updated: number;
  available: number;
  /** Pods of former templates that are still there. */
  old: number;
  /** What no count shows. */
  settled: boolean;
}

const counting: Record<Kind, (workload: Workload) => Counts> = {
  Deployment: ({ spec, status }) => ({
    wanted: spec.replicas,
    due: spec.replicas,
    updated: status.updatedReplicas,
    available: status.availableReplicas,
    old: Math.max(0, status.replicas - status.updatedReplicas),
    settled: status.replicas <= status.updatedReplicas,
  }),
  StatefulSet: (workload) => {
    const { spec, status } = workload;
    const held = partitionOf(workload);
    return {
      wanted: spec.replicas,
      due: Math.max(0, spec.replicas - held),
      updated: status.updatedReplicas,
      available: status.availableReplicas,
      old: Math.max(0, status.replicas - status.updatedReplicas),
      settled: held > 0 || status.currentRevision === status.updateRevision,
    };
  },
  DaemonSet: ({ status }) => ({
    wanted: status.desiredNumberScheduled,
    due: status.desiredNumberScheduled,
    updated: status.updatedNumberScheduled,
    available: status.numberAvailable,
    old: 0,
    settled: true,
  }),
};

/** How many pods of a StatefulSet an update does not reach. */
export const partitionOf = ({ spec }: Workload): number =>
  spec.updateStrategy?.rollingUpdate?.partition ?? 0;

/**
 * The rule of `kubectl rollout status`. Nothing that the status says counts before its
 * `observedGeneration` has reached the generation: until then it is about the template before.
 * `isStale` tells whether the exceeded deadline is one from before this rollout.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status
 */
export function rolloutOf(kind: Kind, workload: Workload, isStale: boolean): Rollout {
  if (!isObserved(workload)) {
    return {
      state: 'going',
      lines: [`the controller has not seen the change of the ${kind} yet`],
    };
  }
  const counts = counting[kind](workload);
  const lines = [told(counts), ...complaints(workload)];
  if (isDone(counts)) return { state: 'done', lines };
  const isStuck = deadlineExceeded(workload) !== undefined && !isStale;
  return { state: isStuck ? 'stuck' : 'going', lines };
}

export const isObserved = ({ metadata, status }: Workload): boolean =>
  status.observedGeneration >= metadata.generation;

const isDone = ({ wanted, due, updated, available, settled }: Counts) =>
  updated >= due && available >= wanted && settled;

const told = ({ wanted, due, updated, available, old }: Counts) =>
  wanted === 0
    ? 'no pods are wanted, so that none runs it'
    : `${updated} of ${due} ${due === 1 ? 'pod' : 'pods'} new, ${available} available${old > 0 ? `, ${old} old` : ''}`;

const complaints = ({ status }: Workload): string[] =>
  status.conditions
    .filter(({ type, status: holds }) => type === 'ReplicaFailure' && holds === 'True')
    .map(({ message }) => `pods cannot be made: ${message}`);

/** When a Deployment's progress deadline was exceeded, where it stands exceeded. */
export const deadlineExceeded = ({ status }: Pick<Workload, 'status'>): string | undefined =>
  status.conditions
    .filter(({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded')
    .map(({ lastUpdateTime = '' }) => lastUpdateTime)[0];
