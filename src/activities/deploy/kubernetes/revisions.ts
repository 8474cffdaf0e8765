import type { z } from 'zod';
import {
  controllerRevisionsSchema,
  replicaSetsSchema,
  type Selector,
  type Template,
  type Workload,
} from './objects.ts';
import type { Kind } from './rollout.ts';

/** A pod template that a workload has or had, as the cluster keeps it. */
export interface Revision {
  name: string;
  /** Counts up: the current template's is the highest. */
  number: number;
  annotations: Record<string, string>;
  /** The uids of what it belongs to. */
  owners: string[];
  template: Template;
}

const numberAnnotation = 'deployment.kubernetes.io/revision';
const hashLabel = 'pod-template-hash';

const fromReplicaSets = replicaSetsSchema.transform(({ items }) =>
  items.map(({ metadata, spec }) => ({
    ...revisionOf(metadata),
    number: Number(metadata.annotations[numberAnnotation] ?? 0),
    template: withoutHash(spec.template),
  })),
);

const fromControllerRevisions = controllerRevisionsSchema.transform(({ items }) =>
  items.map(({ metadata, revision, data }) => {
    // It is kept as the patch that brings it back.
    const { $patch: _, ...template } = data.spec.template;
    return { ...revisionOf(metadata), number: revision, template };
  }),
);

/** What each kind keeps its revisions as, and how a list of them is read. */
export const revisionLists: Record<Kind, { resource: string; schema: z.ZodType<Revision[]> }> = {
  Deployment: { resource: 'replicasets', schema: fromReplicaSets },
  StatefulSet: { resource: 'controllerrevisions', schema: fromControllerRevisions },
  DaemonSet: { resource: 'controllerrevisions', schema: fromControllerRevisions },
};

/** Those of one workload, newest first. */
export const revisionsOf = ({ metadata }: Workload, revisions: readonly Revision[]): Revision[] =>
  revisions
    .filter(({ owners }) => owners.includes(metadata.uid))
    .toSorted((one, other) => other.number - one.number);

type Metadata = Omit<Workload['metadata'], 'uid' | 'generation' | 'resourceVersion'>;

const revisionOf = ({ name, annotations, ownerReferences }: Metadata) => ({
  name,
  annotations,
  owners: ownerReferences.filter(({ controller }) => controller).map(({ uid }) => uid),
});

/** The controller adds the label to tell its ReplicaSets apart; it is no part of the template. */
function withoutHash(template: Template): Template {
  const { [hashLabel]: _, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** A label selector as the API's query takes it. */
export const spellSelector = ({ matchLabels, matchExpressions }: Selector): string =>
  [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(spellExpression),
  ].join(',');

function spellExpression({ key, operator, values }: Selector['matchExpressions'][number]): string {
  switch (operator) {
    case 'In':
      return `${key} in (${values.join(',')})`;
    case 'NotIn':
      return `${key} notin (${values.join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}
