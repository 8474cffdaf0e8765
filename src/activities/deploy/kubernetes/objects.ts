import { z } from 'zod';

/*
 * What is read of Kubernetes' objects. They are read as plain JSON instead of by the client's
 * classes, which drop every field that is newer than the client: a rollback must not lose one.
 */

const texts = z.record(z.string(), z.string());

export const templateSchema = z.looseObject({
  metadata: z
    .looseObject({ labels: texts.optional(), annotations: texts.optional() })
    .nullish()
    .transform((metadata) => metadata ?? undefined),
  spec: z.looseObject({
    containers: z.array(z.looseObject({ name: z.string(), image: z.string().optional() })),
  }),
});
/** A pod template, with everything in it. */
export type Template = z.infer<typeof templateSchema>;

const metadataSchema = z.object({
  name: z.string(),
  annotations: texts.default({}),
  labels: texts.default({}),
  ownerReferences: z
    .array(z.object({ uid: z.string(), controller: z.boolean().default(false) }))
    .default([]),
});

const selectorSchema = z.object({
  matchLabels: texts.default({}),
  matchExpressions: z
    .array(
      z.object({
        key: z.string(),
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: z.array(z.string()).default([]),
      }),
    )
    .default([]),
});
export type Selector = z.infer<typeof selectorSchema>;

const conditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
  lastUpdateTime: z.string().optional(),
});

const count = z.int().default(0);

/** A Deployment, StatefulSet or DaemonSet; the counts of its status are 0 where it has none. */
export const workloadSchema = z.object({
  metadata: metadataSchema.extend({
    uid: z.string(),
    generation: z.int(),
    resourceVersion: z.string(),
  }),
  spec: z.object({
    replicas: z.int().default(1),
    selector: selectorSchema,
    template: templateSchema,
    paused: z.boolean().default(false),
    progressDeadlineSeconds: z.int().optional(),
    revisionHistoryLimit: z.int().optional(),
    updateStrategy: z
      .object({
        type: z.string().optional(),
        rollingUpdate: z.object({ partition: z.int().optional() }).optional(),
      })
      .optional(),
  }),
  status: z
    .object({
      observedGeneration: count,
      replicas: count,
      updatedReplicas: count,
      availableReplicas: count,
      currentRevision: z.string().optional(),
      updateRevision: z.string().optional(),
      desiredNumberScheduled: count,
      updatedNumberScheduled: count,
      numberAvailable: count,
      conditions: z.array(conditionSchema).default([]),
    })
    .prefault({}),
});
export type Workload = z.infer<typeof workloadSchema>;

export const replicaSetsSchema = z.object({
  items: z.array(
    z.object({ metadata: metadataSchema, spec: z.object({ template: templateSchema }) }),
  ),
});

export const controllerRevisionsSchema = z.object({
  items: z.array(
    z.object({
      metadata: metadataSchema,
      revision: z.int(),
      data: z.object({ spec: z.object({ template: templateSchema }) }),
    }),
  ),
});

const containerStatusSchema = z.object({
  name: z.string(),
  state: z
    .object({
      waiting: z
        .object({ reason: z.string().default(''), message: z.string().default('') })
        .optional(),
    })
    .prefault({}),
});

export const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: metadataSchema,
      status: z
        .object({
          phase: z.string().default('Pending'),
          conditions: z.array(conditionSchema).default([]),
          initContainerStatuses: z.array(containerStatusSchema).default([]),
          containerStatuses: z.array(containerStatusSchema).default([]),
        })
        .prefault({}),
    }),
  ),
});
export type Pod = z.infer<typeof podsSchema>['items'][number];

export const accessReviewSchema = z.object({
  status: z.object({ allowed: z.boolean() }),
});
