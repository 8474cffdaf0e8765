import { z } from 'zod';
import { deedSchema } from './lock.ts';
import type {
  DeployResult,
  FiledFollowUp,
  MonitorResult,
  OnCallFound,
  Overtaken,
  PreflightCheck,
  Told,
} from './outcomes.ts';
import { safely } from './signals.ts';

/*
 * What activities bring back. Anybody with access to Temporal can complete one by hand, with anything;
 * what is not as described here counts as a failure of the activity. Fields that are only passed on to
 * people are not looked at, so that workers of other versions are understood.
 */

const environment = z.enum(['staging', 'production']);
const outcome = z.enum(['passed', 'failed', 'inconclusive', 'error']);

const live = z.looseObject({
  version: z.string(),
  restore: z.record(z.string(), z.string()),
});

const deployed = z.looseObject({
  outcome: z.enum(['succeeded', 'failed']),
  adapter: z.string(),
  summary: z.string(),
  output: z.string(),
  url: z.string().optional(),
  before: live.optional(),
  upon: z.string().optional(),
  startedAt: z.string(),
  finishedAt: z.string(),
});

/** What a failure can say of a step; what is not like this says nothing. */
export const stepFactsSchema = z.looseObject({
  untouched: z.literal(true).optional(),
  run: z
    .looseObject({
      adapter: z.string(),
      url: z.string().optional(),
      before: live.optional(),
      startedAt: z.string(),
    })
    .optional(),
});

const overtaken = z.looseObject({
  outcome: z.literal('overtaken'),
  by: z.looseObject({
    incidentId: z.string(),
    ref: z.string(),
    at: z.string(),
    ...deedSchema.shape,
  }),
});

const measure = z.looseObject({
  name: z.string(),
  adapter: z.string(),
  outcome,
  summary: z.string(),
  counts: z.record(outcome, z.number()),
  points: z.array(z.tuple([z.number(), z.number().nullable(), outcome])),
  thresholds: z.array(z.looseObject({ label: z.string(), value: z.number() })),
});

const monitored = z.looseObject({
  outcome,
  measures: z.array(measure),
  startedAt: z.string(),
  finishedAt: z.string(),
});

const check = z.looseObject({
  environment,
  what: z.enum(['deploy', 'rollback', 'measure', 'rota']),
  name: z.string(),
  ok: z.boolean(),
  summary: z.string(),
  live: z.string().optional(),
});

const delivery = z.looseObject({
  notification: z.string(),
  channel: z.string(),
  outcome: z.string(),
  to: z.array(z.string()),
  reason: z.string().optional(),
  thread: z.record(z.string(), z.string()).optional(),
});

const onCall = z.looseObject({
  rota: z.string(),
  people: z.array(z.string()),
  asOf: z.string(),
  source: z.enum(['live', 'lastGood', 'none']),
  problem: z.string().optional(),
});

const filed = z.looseObject({
  key: z.string(),
  id: z.string(),
  tracker: z.string(),
  url: z.string().optional(),
});

/** Accepts exactly what the schema does, and leaves it as it is. */
const reader =
  <T>(schema: z.ZodType) =>
  (value: unknown): value is T =>
    safely(schema, value).success;

/** By activity: whether a value is what it brings back. */
export const results = {
  deploy: reader<DeployResult | Overtaken>(z.union([deployed, overtaken])),
  rollback: reader<DeployResult>(deployed),
  monitor: reader<MonitorResult>(monitored),
  preflight: reader<PreflightCheck[]>(z.array(check)),
  notify: reader<Told>(z.looseObject({ deliveries: z.array(delivery), onCall: z.array(onCall) })),
  findOnCall: reader<OnCallFound[]>(z.array(onCall)),
  fileFollowUps: reader<FiledFollowUp[]>(z.array(filed)),
} as const;
