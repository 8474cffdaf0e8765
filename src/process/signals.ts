import { z } from 'zod';
import { type ChecklistItem, checklistItems } from './checklist.ts';
import { cut } from './cut.ts';
import { countingLengths } from './lengths.ts';
import { phases, roleIds } from './phases.ts';
import { isUnreadable } from './unreadable.ts';

const line = (longest = 300) => z.string().trim().min(1).max(longest);
const prose = (longest = 8_000) => z.string().trim().min(1).max(longest);
const note = prose(2_000).optional();
const link = z.url({ protocol: /^https?$/, error: 'must be an http or https link' }).max(2_000);
const time = z.iso.datetime({ offset: true });

export const reasons = [
  'production_down',
  'security_vulnerability',
  'data_loss_risk',
  'p1_severity',
] as const;
export const reasonSchema = z.enum(reasons);

/**
 * What can be deployed: a branch, tag, commit, image or version. It reaches other programs as an
 * argument, so it must not look like an option.
 */
const ref = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_./@:+-]*$/, {
    error:
      'must be a branch, tag, commit, image or version: letters, digits and _ . / @ : + -, not starting with -',
  });

const check = z
  .strictObject({
    verdict: z.enum(['approved', 'rejected']),
    noBreakingChanges: z.boolean(),
    noDataLoss: z.boolean(),
    note,
  })
  .refine(({ verdict, ...found }) => verdict === 'rejected' || isHarmless(found), {
    error:
      'an approval says that there is no breaking change and no loss of data: reject, or have the review bypassed with a reason',
    path: ['verdict'],
  });

const isHarmless = (found: { noBreakingChanges: boolean; noDataLoss: boolean }) =>
  found.noBreakingChanges && found.noDataLoss;

const list = z.array(prose(1_000)).min(1).max(30);

export const declarationSchema = z.strictObject({
  problem: prose(),
  impact: prose(),
  reason: reasonSchema,
  impactStartedAt: time.optional(),
  links: z.array(link).max(20).optional(),
});

/** The body of each role's completion. */
export const completionSchemas = {
  incidentDeclared: declarationSchema,
  priorityAssessed: z.strictObject({
    priority: z.enum(['P1', 'P2', 'P3', 'P4']),
    justification: prose(2_000),
  }),
  fixReady: z.strictObject({
    ref,
    summary: prose(2_000),
    workaround: z.boolean(),
    changeUrl: link.optional(),
  }),
  sanityChecked: check,
  securityChecked: check,
  deployAuthorized: z.strictObject({ skipStaging: z.boolean(), note }),
  systemVerified: z.strictObject({ solved: z.boolean(), healthy: z.boolean(), note }),
  quickVerified: z.strictObject({ passed: z.boolean(), note }),
  incidentReviewed: z.strictObject({
    whatHappened: prose(),
    summary: prose(),
    rootCause: prose().optional(),
  }),
  preventionPlanned: z.strictObject({
    prevention: list,
    improvements: z.array(prose(1_000)).max(30),
    lessons: list,
  }),
} as const;

/** The body of every signal: the completions, and what else may be said during an incident. */
export const signalSchemas = {
  ...completionSchemas,
  escalationAcknowledged: z.strictObject({ note }),
  commented: z.strictObject({ text: prose(4_000) }),
  roleAssigned: z.strictObject({ role: z.enum(roleIds), person: line(100) }),
  reviewBypassed: z.strictObject({ reason: prose(2_000) }),
  deployConfirmed: z.strictObject({ live: z.boolean(), note }),
  retrospectiveReviewed: z.strictObject({ verdict: z.enum(['approved', 'rejected']), note }),
  checklistItemDone: z.strictObject({ item: z.enum(checklistItems), evidence: link }),
  incidentAborted: z.strictObject({ reason: prose(2_000) }),
} as const;

for (const schema of Object.values(signalSchemas)) countingLengths(schema);

export type CompletionName = keyof typeof completionSchemas;
export type SignalName = keyof typeof signalSchemas;
export type SignalBody<N extends SignalName> = z.infer<(typeof signalSchemas)[N]>;

export const signalNames = Object.keys(signalSchemas) as SignalName[];
export const isSignalName = (name: string): name is SignalName =>
  Object.hasOwn(signalSchemas, name);
export const isCompletion = (name: SignalName): name is CompletionName =>
  Object.hasOwn(completionSchemas, name);

/** Something that somebody is asked for, by its signal; a checklist item by its name too. */
export interface TaskName {
  signal: SignalName;
  item?: ChecklistItem | undefined;
}

/** The phase and the attempt that an answer is for; in any other it would be about something else. */
export const placeSchema = z.strictObject({ phase: z.enum(phases), attempt: z.int().min(1) });
export type Place = z.infer<typeof placeSchema>;

/** Who sends, when it was received, the key by which a repetition is recognised, and what it is for. */
export const envelopeSchema = countingLengths(
  z.object({
    by: line(100),
    at: time.optional(),
    requestId: line(255).optional(),
    during: placeSchema.optional(),
  }),
);

interface Envelope {
  by: string;
  at: string;
  requestId: string;
  /** Without it the signal is for whatever the incident is in when it is read. */
  during?: Place;
  /** An acknowledgement of all that is waited for, as all were where an incident began before they were a person's. */
  isOfAll?: true;
}

/** A signal that has passed its schema. `at` is ISO 8601, UTC. */
export type Signal = {
  [N in SignalName]: { name: N; body: SignalBody<N> } & Envelope;
}[SignalName];

export type ParsedSignal =
  | { ok: true; signal: Signal }
  | { ok: false; by: string; at: string; requestId: string; problem: string };

/** What stands in for what a sender does not say, and between which times theirs can lie. */
export interface Receipt {
  /** Now: when a worker reads it. ISO 8601, UTC, as all times here. */
  at: string;
  requestId: string;
  /** When a worker last read this incident's messages: what was there then was read then. */
  notBefore?: string;
}

/**
 * Reads a signal's argument: the body with `by` added, and `at`, `requestId` and `during` where the
 * sender has them. What is missing of the first two comes from the receipt. A sender's clock may be
 * wrong: what it says counts only between the last reading and this one, so that it makes a decision
 * neither later than it is nor earlier. Never throws, whatever the argument is.
 */
export function parseSignal(name: string, argument: unknown, receipt: Receipt): ParsedSignal {
  const { by, at, requestId, during, ...body } = isRecord(argument) ? argument : {};
  const envelope = safely(envelopeSchema, { by, at, requestId, during });
  const sender = {
    by: envelope.data?.by ?? 'unknown',
    at: receivedAt(envelope.data?.at, receipt),
    requestId: envelope.data?.requestId ?? receipt.requestId,
  };
  const malformed = (problem: string): ParsedSignal => ({
    ok: false,
    ...sender,
    problem: cut(problem, longestProblem),
  });
  if (!isSignalName(name)) {
    return malformed(
      `there is no signal named ${JSON.stringify(cut(name, 100))}; the signals are ${signalNames.join(', ')}`,
    );
  }
  if (isUnreadable(argument))
    return malformed(`the argument cannot be read: ${argument.unreadable}`);
  if (!isRecord(argument)) return malformed('the argument must be one JSON object with "by" in it');
  if (!envelope.success) return malformed(describeIssues(envelope.error));
  const parsed = safely(signalSchemas[name] as z.ZodType<object>, body);
  if (!parsed.success) return malformed(describeIssues(parsed.error));
  const place = envelope.data.during && { during: envelope.data.during };
  // The schema of this very name has just accepted the body.
  return { ok: true, signal: { name, body: parsed.data, ...sender, ...place } as Signal };
}

/** The longest description of what is wrong with a message, in characters. */
const longestProblem = 1_000;

function receivedAt(said: string | undefined, { at: now, notBefore }: Receipt): string {
  const time = Date.parse(said ?? '');
  if (Number.isNaN(time)) return now;
  const received = new Date(time).toISOString();
  if (received > now) return now;
  return notBefore !== undefined && received < notBefore ? notBefore : received;
}

/** Reads by a schema. A value made to trip a reader, such as a `length` that is no number, is just wrong. */
export function safely<T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> {
  try {
    return schema.safeParse(value);
  } catch {
    const message = 'has a field that cannot be read as what its name says';
    const issue = { code: 'custom' as const, path: [], message, input: undefined };
    return { success: false, error: new z.ZodError([issue]) as z.ZodError<T> };
  }
}

/** All problems of a body in one sentence, each with the path to its field. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 10)
    .map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
    .join('; ');
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
