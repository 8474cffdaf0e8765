import { z } from 'zod';
import type { MissedLevel } from './escalation.ts';
import { countingLengths } from './lengths.ts';
import type { DeployQueue } from './lock.ts';
import type {
  Delivery,
  DeployResult,
  Environment,
  FiledFollowUp,
  FollowUpTask,
  MonitorResult,
  OnCallFound,
  PreflightCheck,
} from './outcomes.ts';
import { type Phase, type Role, roleIds } from './phases.ts';
import { policySchema } from './policy.ts';
import {
  declarationSchema,
  reasonSchema,
  type SignalBody,
  type SignalName,
  type TaskName,
} from './signals.ts';

export const statuses = ['open', 'mitigated', 'closed', 'declined', 'aborted'] as const;
export type Status = (typeof statuses)[number];

const shortLine = z.string().trim().min(1).max(300);

/** What the caller of `POST /incidents` says. */
export const incidentRequestSchema = z.strictObject({
  title: shortLine,
  service: z
    .string()
    .max(100)
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, {
      error: 'must be a service name: letters, digits and _ . -, starting with a letter or digit',
    }),
  description: z.string().trim().max(8_000).optional(),
  reason: reasonSchema.optional(),
  source: shortLine.optional().describe('The tool that noticed, such as `alertmanager`'),
  dedupKey: z
    .string()
    .min(1)
    .max(255)
    .refine((key) => !key.includes('\0') && !/\p{Cs}/u.test(key), {
      error: 'must be text: no NUL character and no half of a surrogate pair',
    })
    .optional()
    .describe('The same key names the same open incident'),
  declaration: declarationSchema
    .optional()
    .describe('The body of `incidentDeclared`, when the caller can already document it'),
});
export type IncidentRequest = z.infer<typeof incidentRequestSchema>;

/** What `hotfix.yaml` says of a service on the day an incident begins; the incident keeps it. */
export const serviceTermsSchema = z.object({
  policy: policySchema.prefault({}),
  /** Who holds each role; nobody named means anybody. */
  assignments: z.partialRecord(z.enum(roleIds), z.array(z.string())).default({}),
  /** Which rotas say besides who holds a role. */
  rotas: z.partialRecord(z.enum(roleIds), z.array(z.string())).default({}),
  /** Every rota that the roles or the policy name: such a name stands for whoever is on call. */
  onCall: z.array(z.string()).default([]),
  /** Everyone who may send signals; empty while nobody is configured: then anybody may. */
  people: z.array(z.string()).default([]),
  /** Whether the service has a staging environment to go through first. */
  staging: z.boolean().default(false),
  /** Whether anything measures the service after a deploy. */
  monitored: z.boolean().default(false),
  /** Whether anything measures its staging environment. */
  stagingMonitored: z.boolean().default(false),
  /** Whether there is anything whose access can be tried before it is needed. */
  connected: z.boolean().default(false),
  /** Whether a deploy can be taken back. */
  rollback: z.boolean().default(false),
});
export type ServiceTerms = z.infer<typeof serviceTermsSchema>;

/** The whole argument of a new incident's workflow. */
export const openingSchema = countingLengths(
  z.object({
    id: z.string().min(1).max(100),
    request: incidentRequestSchema,
    by: z.string().min(1).max(100),
    requestId: z.string().max(255).optional(),
    terms: serviceTermsSchema.prefault({}),
  }),
);
export type Opening = z.infer<typeof openingSchema>;

/** Why a signal was refused, as a stable code. */
export const refusalCodes = [
  'malformed',
  'wrong_phase',
  'already_done',
  'not_your_role',
  'four_eyes',
  'nothing_to_acknowledge',
  'nothing_to_confirm',
  'checked_by_process',
  'unknown_person',
  'timeline_full',
  'incident_over',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

export interface Refusal {
  code: RefusalCode;
  /** What is wrong and what to do, as a sentence. */
  reason: string;
}

type Accepted = {
  [N in SignalName]: SignalBody<N> & {
    /** Received after the deadline of the phase. */
    late?: true;
    /** Given after, and against, what the measurements said. */
    againstMeasurements?: true;
    /** Of a role that is handed over: who held it. */
    former?: string[];
    /** What whoever acknowledges has in hand; all that is waited for where it is not said. */
    tasks?: TaskName[];
  };
};

/** What an analysis watches. */
export interface Watched {
  environment: Environment;
  after: 'deploy' | 'rollback';
  attempt: number;
}

/** The data of each type of event. The timeline is the list of these and nothing else. */
export interface EventData extends Accepted {
  incidentOpened: Opening;
  phaseStarted: { phase: Phase; attempt: number };
  statusChanged: { status: Status; explanation: string };
  signalRefused: Refusal & { signal: string; body?: unknown };
  /** The timeline has no room for more refusals: how many more there were, at 1, 10, 100 and so on. */
  refusalsCounted: { count: number };
  escalated: {
    phase: Phase;
    /** What is waited for, where it is not the phase. */
    wait?: 'retrospective';
    /** The place in the timeline of the acknowledgement whose tasks are late; without it, all that nobody has in hand. */
    acknowledgement?: number;
    level: number;
    name: string;
    recipients: string[];
    channels?: string[];
    /** How often the last level was told before. */
    repeat: number;
    waitingFor: Role[];
    /** Why at once and not at a limit. */
    reason?: string;
    /** Levels whose time passed as well while nobody could be told, oldest first. */
    missed?: MissedLevel[];
  };
  deployStarted: { environment: Environment; ref: string };
  deployFinished: { environment: Environment; ref: string; result: DeployResult };
  /** The deploy waits for another incident's, or another one waits for it. */
  deployQueueChanged: DeployQueue;
  /** Not begun; its deployer is asked again. */
  deployHeld: { environment: Environment; reason: string };
  rollbackStarted: { ref: string };
  rollbackFinished: { ref: string; result: DeployResult };
  monitoringStarted: Watched;
  monitored: Watched & { result: MonitorResult };
  preflighted: { checks: PreflightCheck[] };
  notified: { deliveries: Delivery[] };
  /** `newcomers` hold a role that is waited for, and no message has asked them yet. */
  onCallFound: OnCallFound & { newcomers: string[] };
  followUpsFiled: { tasks: (FollowUpTask & FiledFollowUp)[] };
  activityFailed: { activity: string; reason: string };
}
export type EventType = keyof EventData;

/** `at` is ISO 8601, UTC: for a signal the time it was received. `by` is a person, or `hotfix` itself. */
export type IncidentEvent = {
  [T in EventType]: {
    seq: number;
    at: string;
    by: string;
    type: T;
    data: EventData[T];
    requestId?: string;
    /** How many earlier events of its kind it stands for, in a timeline that has no room for each. */
    folded?: number;
  };
}[EventType];

/** An event before it has its place in the timeline. */
export type Draft = IncidentEvent extends infer E
  ? E extends unknown
    ? Omit<E, 'seq'>
    : never
  : never;

/** The name under which the process itself acts. */
export const self = 'hotfix';
