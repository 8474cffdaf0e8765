import { z } from 'zod';
import type { LiveVersion } from '../../../process/outcomes.ts';

const versions = {
  revision: z.string().optional(),
  /** Of an Application with several sources, in their order. */
  revisions: z.array(z.string()).nullish(),
};

const initiatorSchema = z.object({
  username: z.string().optional(),
  automated: z.boolean().optional(),
});

const operationSchema = z.object({
  sync: z
    .object({
      ...versions,
      dryRun: z.boolean().optional(),
      resources: z.array(z.unknown()).nullish(),
      syncStrategy: z.object({ apply: z.object({}).nullish() }).nullish(),
    })
    .nullish(),
  initiatedBy: initiatorSchema.optional(),
  info: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});
/** What somebody has asked Argo CD to do. */
export type Operation = z.infer<typeof operationSchema>;

const healthSchema = z.object({ status: z.string().optional(), message: z.string().optional() });

const objectSchema = z.object({
  kind: z.string().default(''),
  namespace: z.string().optional(),
  name: z.string().default(''),
});

const resultSchema = objectSchema.extend({
  status: z.string().optional(),
  hookPhase: z.string().optional(),
  message: z.string().optional(),
});

const operationStateSchema = z.object({
  operation: operationSchema,
  phase: z.string(),
  message: z.string().optional(),
  startedAt: z.string(),
  finishedAt: z.string().nullish(),
  syncResult: z.object({ ...versions, resources: z.array(resultSchema).nullish() }).nullish(),
});
export type OperationState = z.infer<typeof operationStateSchema>;

const historyEntrySchema = z.object({
  ...versions,
  id: z.number(),
  deployedAt: z.string(),
  deployStartedAt: z.string().nullish(),
  initiatedBy: initiatorSchema.optional(),
  source: z.unknown().optional(),
  sources: z.unknown().optional(),
});
export type HistoryEntry = z.infer<typeof historyEntrySchema>;

const sourceSchema = z.object({ targetRevision: z.string().optional() });

/** An Application, of which only what is read here; the names are Argo CD's. */
export const applicationSchema = z.object({
  spec: z.object({
    project: z.string().default(''),
    source: sourceSchema.nullish(),
    sources: z.array(sourceSchema).nullish(),
    syncPolicy: z
      .object({ automated: z.object({ enabled: z.boolean().optional() }).nullish() })
      .nullish(),
  }),
  /** What is asked for and not over yet. */
  operation: operationSchema.nullish(),
  status: z
    .object({
      /** Of the operation that is under way, or else of the last one. */
      operationState: operationStateSchema.nullish(),
      health: healthSchema.default({}),
      sync: z.object({ ...versions, status: z.string().optional() }).default({}),
      /** Oldest first: an entry for each sync that succeeded. */
      history: z.array(historyEntrySchema).nullish(),
      reconciledAt: z.string().nullish(),
      resources: z.array(objectSchema.extend({ health: healthSchema.nullish() })).nullish(),
    })
    .default({ health: {}, sync: {} }),
});
export type Application = z.infer<typeof applicationSchema>;

/** As people know it; of several sources all revisions. */
export const versionOf = (of: z.infer<z.ZodObject<typeof versions>>): string =>
  of.revisions?.length ? of.revisions.join(', ') : (of.revision ?? '');

export const newestOf = ({ status }: Application): HistoryEntry | undefined =>
  status.history?.at(-1);

/** What the newest sync that succeeded has put there, and what brings exactly that back. */
export function liveOf(application: Application): LiveVersion | undefined {
  const entry = newestOf(application);
  if (!entry) return undefined;
  const version = versionOf(entry);
  const { health } = application.status;
  return { version, restore: { id: String(entry.id), version, health: health.status ?? '' } };
}

/** The operation that is under way, or else the last one: Argo CD remembers no other. */
export const lastOperationOf = ({ operation, status }: Application): Operation | undefined =>
  operation ?? status.operationState?.operation;

export const isAutomated = ({ spec }: Application): boolean =>
  Boolean(spec.syncPolicy?.automated) && spec.syncPolicy?.automated?.enabled !== false;

export const initiatorOf = ({ initiatedBy }: Pick<Operation, 'initiatedBy'>): string =>
  initiatedBy?.automated ? 'automated sync' : initiatedBy?.username || 'somebody';

/** `7f1c2e (history entry 4, by ana at 2026-11-03T10:00:00Z)`. */
export function describeLive(application: Application): string {
  const entry = newestOf(application);
  if (!entry) return 'nothing that its history knows of';
  return `${versionOf(entry)} (history entry ${entry.id}, by ${initiatorOf(entry)} at ${entry.deployedAt})`;
}

export const nameOf = ({ kind, namespace, name }: z.infer<typeof objectSchema>): string =>
  `${kind} ${namespace ? `${namespace}/` : ''}${name}`;

/** ` to 7f1c2e`, for a sentence about an operation. */
export function to({ sync }: Operation): string {
  const version = versionOf(sync ?? {});
  return version ? ` to ${version}` : '';
}
