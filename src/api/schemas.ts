import { z } from 'zod';
import { checklistItems } from '../process/checklist.ts';
import { statuses } from '../process/events.ts';
import { phases, roleIds } from '../process/phases.ts';
import { reasonSchema, signalNames } from '../process/signals.ts';
import { problemSchema, titles } from './problems.ts';

const time = z.iso.datetime();
const count = z.int().min(0);
const acknowledgedSchema = z.object({ by: z.string(), at: time }).nullable();
const ordinal = z.int().min(1);
const outcome = z.enum(['passed', 'failed', 'inconclusive', 'error']);
const environment = z.enum(['staging', 'production']);

const measureSchema = z.object({
  name: z.string(),
  adapter: z.string(),
  outcome: outcome.nullable().describe('Null while it is open'),
  summary: z.string().describe('One sentence, with the last value or the first failure'),
  counts: z.record(outcome, count),
  points: z
    .array(z.tuple([z.number(), z.number().nullable(), outcome]))
    .describe('Milliseconds since `startedAt`, the value (null where there was none), outcome'),
  thresholds: z.array(
    z.object({
      label: z.string(),
      value: z.number(),
      kind: z.enum(['success', 'failure', 'baseline']),
    }),
  ),
});

/** What the heartbeats of an analysis carry. */
export const monitorProgressSchema = z.object({
  startedAt: time,
  measures: z.array(measureSchema),
});

const partySchema = z.object({
  incidentId: z.string(),
  ref: z.string(),
  since: time,
  givenUp: z
    .literal(true)
    .optional()
    .describe('Its deploy was given up, with its incident or its worker, and may still go on'),
});

const deployOutcome = z.enum(['succeeded', 'failed', 'unknown']);

const deployResultSchema = z.object({
  outcome: deployOutcome.describe(
    '`unknown`: it was begun, and only its deployer can tell how it ended (`deployConfirmed`)',
  ),
  adapter: z.string(),
  summary: z.string(),
  output: z.string(),
  url: z.string().optional(),
  before: z
    .object({ version: z.string(), restore: z.record(z.string(), z.string()) })
    .optional()
    .describe('What was live before, where the deploy system can tell'),
  upon: z
    .string()
    .optional()
    .describe('The incident that deployed or rolled back last before, where that is another one'),
  confirmedBy: z
    .string()
    .optional()
    .describe('Who said how it ended, where the deploy system could not'),
  startedAt: time,
  finishedAt: time,
});

/** The incident as every call answers it. A test holds real answers against it. */
export const incidentSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    service: z.string(),
    description: z.string().nullable(),
    reason: reasonSchema.nullable(),
    source: z.string().nullable(),
    dedupKey: z.string().nullable(),
    status: z.enum(statuses),
    explanation: z.string().describe('Why the status is what it is, or what is waited for'),
    phase: z.enum(phases),
    attempt: ordinal,
    priority: z.string().nullable(),
    waitingFor: z.array(
      z.object({
        role: z.enum(roleIds),
        signal: z.enum(signalNames),
        item: z.enum(checklistItems).optional(),
        task: z.string(),
        advice: z
          .string()
          .optional()
          .describe('What the measurements speak for, or why it is asked again'),
        assignees: z.array(z.string()).describe('Empty while anybody may do it'),
        since: time,
        deadline: time,
        escalationLevel: count,
        acknowledged: acknowledgedSchema.describe('Who has it in hand'),
      }),
    ),
    escalation: z.object({
      level: count,
      nextAt: time,
      acknowledged: acknowledgedSchema.describe('Where somebody has each of the tasks in hand'),
    }),
    completed: z.record(z.string(), z.object({ by: z.string(), at: time, seq: ordinal }).loose()),
    bypass: z
      .object({ by: z.string(), at: time, reason: z.string(), reviewed: z.boolean() })
      .nullable(),
    preflight: z
      .array(
        z.object({
          environment,
          what: z.enum(['deploy', 'rollback', 'measure', 'rota']),
          name: z.string(),
          ok: z.boolean(),
          summary: z.string(),
          live: z.string().optional(),
        }),
      )
      .describe('What was tried of the access to the systems while there was time'),
    deploys: z.array(
      z.object({
        environment,
        ref: z.string(),
        attempt: ordinal,
        startedAt: time,
        result: deployResultSchema.nullable(),
      }),
    ),
    deployQueue: z
      .object({
        environment,
        holder: partySchema.nullable(),
        waiting: z.array(partySchema),
      })
      .nullable()
      .describe('Who deploys and who waits, where another incident deploys the same service'),
    rollbacks: z.array(
      z.object({
        ref: z.string(),
        attempt: ordinal,
        startedAt: time,
        result: deployResultSchema.nullable(),
      }),
    ),
    monitoring: z
      .object({
        outcome,
        startedAt: time,
        finishedAt: time,
        measures: z.array(measureSchema.omit({ points: true }).extend({ outcome })),
      })
      .nullable(),
    followUps: z.array(
      z.object({
        key: z.string(),
        id: z.string(),
        kind: z.string(),
        title: z.string(),
        description: z.string(),
        incidentId: z.string(),
        service: z.string(),
        tracker: z.string(),
        url: z.string().optional(),
      }),
    ),
    checklist: z.array(
      z.object({
        item: z.enum(checklistItems),
        done: z.boolean(),
        evidence: z.string().nullable(),
        at: time.nullable(),
        by: z.string().nullable(),
      }),
    ),
    times: z.object({
      openedAt: time,
      impactStartedAt: z.string().nullable(),
      declaredAt: time.nullable(),
      confirmedAt: time.nullable(),
      fixReadyAt: time.nullable(),
      reviewedAt: time.nullable(),
      deployedAt: time.nullable(),
      mitigatedAt: time.nullable(),
      endedAt: time.nullable(),
    }),
    figures: z
      .array(
        z.object({
          wait: z.enum([...phases, 'retrospective']),
          attempt: ordinal,
          since: time,
          toTell: count.nullable().describe('Milliseconds until the first message was there'),
          toAcknowledge: count.nullable().describe('Until an escalation was acknowledged'),
          toDecide: count.nullable().describe('Until the last of its people had answered'),
        }),
      )
      .describe('How long each wait took people, oldest first'),
    stale: z.boolean().describe('No worker could say how it is now: this is what is known'),
    problem: z
      .string()
      .nullable()
      .describe('Why it does not go on, and what to do; null where nothing is known against it'),
    temporal: z.object({
      workflowId: z.string(),
      runId: z.string(),
      url: z.string().nullable(),
    }),
  })
  .meta({ id: 'Incident' });

export const eventSchema = z
  .object({
    seq: ordinal,
    at: time,
    by: z.string(),
    type: z.string(),
    data: z.unknown().describe('By type; for a signal its body'),
    requestId: z.string().optional(),
    folded: count.optional().describe('How many earlier events of its kind it stands for'),
  })
  .meta({ id: 'Event' });

export const listSchema = z
  .object({ incidents: z.array(incidentSchema), next: z.string().nullable() })
  .meta({ id: 'IncidentList' });

export const appliedSchema = incidentSchema
  .extend({ requestId: z.string() })
  .meta({ id: 'AppliedSignal' });

export const recordedSchema = z
  .object({
    requestId: z.string(),
    recorded: z.literal(true),
    detail: z.string(),
    incident: z.string().describe('Where to look what became of it'),
  })
  .meta({ id: 'RecordedSignal' });

export const postMortemSchema = z
  .object({
    incident: incidentSchema.omit({ stale: true, problem: true, temporal: true }),
    intervals: z.array(
      z.object({
        name: z.string(),
        from: z.string().nullable(),
        to: z.string().nullable(),
        milliseconds: count.nullable(),
      }),
    ),
    phases: z.array(
      z.object({
        phase: z.enum(phases),
        attempt: ordinal,
        startedAt: time,
        endedAt: time.nullable(),
      }),
    ),
    timeline: z.array(eventSchema),
  })
  .meta({ id: 'PostMortem' });

const changeAction = z.enum(['deploy', 'rollback']);

export const measurementsSchema = z
  .object({
    incident: z.string(),
    title: z.string(),
    service: z.string(),
    analyses: z
      .array(
        monitorProgressSchema.extend({
          number: z
            .int()
            .nullable()
            .describe('Its place among the analyses of the incident, from 1; null where `stale`'),
          attempt: ordinal,
          environment,
          after: changeAction.describe('What had just been done there'),
          state: z
            .enum(['running', 'finished', 'cutShort'])
            .describe('`cutShort`: the process went on without its result'),
          outcome: outcome.nullable(),
          finishedAt: time.nullable(),
          changes: z
            .array(
              z.object({
                action: changeAction,
                environment,
                ref: z.string(),
                attempt: ordinal,
                startedAt: time,
                finishedAt: time.nullable(),
                outcome: deployOutcome.nullable(),
              }),
            )
            .describe('The deploys and rollbacks of its attempt and environment'),
        }),
      )
      .describe('Oldest first'),
    stale: z.boolean().describe('No worker could say how it is now: this is what is known'),
  })
  .meta({ id: 'Measurements' });
/** What a call that writes may say of itself. `callers.ts` checks and reads them. */
export const callHeaders = z.object({
  'idempotency-key': z
    .string()
    .optional()
    .describe('One for each call, kept when the call is repeated: it takes effect once'),
  'x-hotfix-actor': z.string().optional().describe('Who calls, while no tokens are configured'),
});

/** An answer with its meaning, for the OpenAPI description. */
export const described = <S extends z.ZodType>(description: string, schema: S) => ({
  description,
  content: { 'application/json': { schema } },
});

/** The error answers of a call, for the OpenAPI description. */
export const problems = <S extends number>(...statuses: S[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: titles[status],
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    ]),
  );
