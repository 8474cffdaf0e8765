import { tasksToTake } from './acknowledgement.ts';
import { type Chain, chainOf, chainsOf } from './chains.ts';
import { consequenceOf, contradicts, reached } from './consequences.ts';
import { cut } from './cut.ts';
import { escalate, levelOf, missedLevels, nextLevel, type Watch } from './escalation.ts';
import {
  type Draft,
  type EventData,
  type IncidentEvent,
  type Opening,
  type Refusal,
  self,
  type Watched,
} from './events.ts';
import { type DeployQueue, deedOf, type LastDeploy } from './lock.ts';
import { onCallFound, toAsk } from './onCall.ts';
import type {
  Delivery,
  DeployResult,
  Environment,
  FiledFollowUp,
  FollowUpTask,
  MonitorResult,
  OnCallFound,
  PreflightCheck,
  RotasToAsk,
} from './outcomes.ts';
import type { Role } from './phases.ts';
import type { Escalation } from './policy.ts';
import { bytesOf, fitted, foldedBy, roomForRepetition } from './room.ts';
import { refusalOf, rotasInDoubt } from './rules.ts';
import { isCompletion, type ParsedSignal, type Signal } from './signals.ts';
import {
  analysisOf,
  assigneesOf,
  deadlineOf,
  evolve,
  isOver,
  type State,
  type Taken,
} from './state.ts';

/** What an incident hears: a signal, the clock, and what the activities bring back. */
export type Message =
  | SignalMessage
  /**
   * The time of the phase, of what an acknowledgement (by its place in the timeline) had in hand, or of the
   * review that a bypass owes, has run out: what rang is due.
   */
  | { kind: 'clock'; of?: 'retrospective' | number }
  /** The workflow was cancelled in Temporal. */
  | { kind: 'cancelled' }
  | { kind: 'deployStarted'; environment: Environment; ref: string }
  | { kind: 'deployFinished'; environment: Environment; ref: string; result: DeployResult }
  | { kind: 'rollbackStarted'; ref: string }
  | { kind: 'rollbackFinished'; ref: string; result: DeployResult }
  | { kind: 'deployQueueChanged'; queue: DeployQueue }
  | {
      kind: 'overtaken';
      environment: Environment;
      by: Omit<LastDeploy, 'key'>;
    }
  /** The deploy was not begun, for a reason that no retry mends. */
  | { kind: 'refused'; environment: Environment; reason: string }
  | ({ kind: 'monitoringStarted' } & Watched)
  | ({ kind: 'monitored'; result: MonitorResult } & Watched)
  | { kind: 'preflighted'; checks: PreflightCheck[] }
  | { kind: 'notified'; deliveries: Delivery[] }
  /** A rota's answer, what went out with it, and who had come by themselves. */
  | { kind: 'onCallFound'; found: OnCallFound; deliveries: Delivery[]; present?: string[] }
  | { kind: 'followUpsFiled'; tasks: (FollowUpTask & FiledFollowUp)[] }
  | { kind: 'activityFailed'; activity: string; reason: string };

export interface SignalMessage {
  kind: 'signal';
  name: string;
  parsed: ParsedSignal;
  argument: unknown;
}

/** An incident: its timeline, and the state that is its fold. */
export interface Incident {
  state: State;
  timeline: IncidentEvent[];
  /** Refusals that the timeline had no room for. */
  counted: CountedRefusals;
}

export interface CountedRefusals {
  count: number;
  /** The newest of them, oldest first, so that who asks for a verdict gets one. */
  newest: (Refusal & { requestId: string; signal: string })[];
}

const noneCounted: CountedRefusals = { count: 0, newest: [] };

/** So many are remembered; who asks for a verdict asks at once. */
const mostRemembered = 100;

/** A new incident; `declared` already where its caller could document it. */
export function open(opening: Opening, now: string): Incident {
  const { request, by, requestId } = opening;
  const first: Draft = {
    type: 'incidentOpened',
    at: now,
    by,
    data: opening,
    ...(requestId === undefined ? {} : { requestId }),
  };
  const declared: Draft[] = request.declaration
    ? [{ type: 'incidentDeclared', at: now, by, data: request.declaration }]
    : [];
  return append({ state: null, timeline: [], counted: noneCounted }, [first, ...declared], now);
}

/** The incident as a timeline left it. */
export function restore(timeline: IncidentEvent[]): Incident {
  const state = timeline.reduce<State | null>(evolve, null);
  if (!state) throw new Error('A timeline has at least one event.');
  const counted = timeline.findLast(({ type }) => type === 'refusalsCounted');
  const count = counted?.type === 'refusalsCounted' ? counted.data.count : 0;
  return { state, timeline, counted: { count, newest: [] } };
}

/** The incident after a message. Never throws: what cannot be accepted is recorded as refused. */
export function handle(incident: Incident, message: Message, now: string): Incident {
  const drafts = decide(incident, message, now);
  const [first] = drafts;
  const isOnlyCounted = first?.type === 'signalRefused' && incident.state.size > roomForRepetition;
  return isOnlyCounted ? count(incident, first, now) : append(incident, drafts, now);
}

/** A refusal that the timeline has no room for. */
function count(
  incident: Incident,
  { requestId = '', data: { signal, code, reason } }: Extract<Draft, { type: 'signalRefused' }>,
  now: string,
): Incident {
  const { count: before, newest } = incident.counted;
  const counted: CountedRefusals = {
    count: before + 1,
    newest: [...newest, { requestId, signal, code, reason }].slice(-mostRemembered),
  };
  const isTold = Number.isInteger(Math.log10(counted.count));
  const data = { count: counted.count };
  const draft: Draft = { type: 'refusalsCounted', at: now, by: self, data };
  return append({ ...incident, counted }, isTold ? [draft] : [], now);
}

/** Appends events and whatever follows from them of itself. */
function append(
  { counted, ...incident }: Omit<Incident, 'state'> & { state: State | null },
  drafts: Draft[],
  now: string,
): Incident {
  let { state } = incident;
  let timeline = [...incident.timeline];
  const add = (draft: Draft) => {
    const size = state?.size ?? 0;
    const older = size > roomForRepetition ? foldedBy(draft, timeline) : undefined;
    const seq = (timeline.at(-1)?.seq ?? 0) + 1;
    const folded = older && { folded: (older.folded ?? 0) + 1 };
    const event = { seq, ...fitted(draft, size), ...folded } as IncidentEvent;
    timeline = [...timeline.filter((one) => one !== older), event];
    state = evolve(state, event);
    if (older) state = { ...state, size: state.size - bytesOf(older) };
  };
  for (const draft of drafts) add(draft);
  for (;;) {
    const next: Draft | null = drafts.length > 0 && state ? consequenceOf(state, now) : null;
    if (!next) break;
    add(next);
  }
  return { state: state as unknown as State, timeline, counted };
}

/**
 * The rotas to ask before signals are decided: one would be refused, while its sender may have come on
 * call since they were asked last. Mostly none.
 */
export function rotasToAskFor(incident: Incident, signals: readonly SignalMessage[]): RotasToAsk {
  const { state } = incident;
  const rotas = signals.flatMap(({ parsed }) =>
    parsed.ok && !isHeard(incident, parsed.signal.requestId)
      ? rotasInDoubt(state, parsed.signal)
      : [],
  );
  return toAsk(state, rotas);
}

function decide(incident: Incident, message: Message, now: string): Draft[] {
  const { state, timeline } = incident;
  if (message.kind === 'signal') return decideSignal(incident, message, now);
  const stamp = { at: now, by: self };
  switch (message.kind) {
    case 'clock':
      return message.of === 'retrospective'
        ? overdueRetrospective(state, now)
        : overdue(state, message.of, now);
    case 'cancelled':
      return isOver(state) ? [] : [reached('aborted', 'Cancelled in Temporal.', now)];
    case 'deployQueueChanged':
      return isDeploying(state) && isNews(message.queue, state.deployQueue)
        ? [{ type: 'deployQueueChanged', ...stamp, data: message.queue }]
        : [];
    case 'overtaken': {
      const { environment, by } = message;
      const reason = `Meanwhile the incident ${by.incidentId} ${deedOf(by)}, in ${environment}: see whether this fix is still right on top of it, then authorize again.`;
      return [{ type: 'deployHeld', ...stamp, data: { environment, reason } }];
    }
    case 'refused': {
      const { environment } = message;
      const reason = `Nothing was deployed to ${environment}. ${message.reason} Mend that and authorize again: the fix needs no new review. Or say in deployConfirmed whether it is live: no goes back to the quick fix, yes is for a deploy by hand.`;
      return [{ type: 'deployHeld', ...stamp, data: { environment, reason } }];
    }
    case 'notified':
      return notified(state, message.deliveries, now);
    case 'onCallFound':
      return onCallFound(state, timeline, message, now);
    case 'preflighted':
      return isNews(message.checks, state.preflight)
        ? [{ type: 'preflighted', ...stamp, data: { checks: message.checks } }]
        : [];
    default: {
      const { kind, ...data } = message;
      return [{ type: kind, ...stamp, data } as Draft];
    }
  }
}

/** Whom no channel reached waits for nobody's limit: the next level is told at once. */
function notified(state: State, deliveries: Delivery[], now: string): Draft[] {
  const stamp = { at: now, by: self };
  const record: Draft = { type: 'notified', ...stamp, data: { deliveries } };
  const { levels } = state.terms.policy.escalation[state.phase];
  const reason = 'Whoever was to be told before could not be reached by any channel.';
  const atOnce = chainsOf(state)
    .filter(({ watch, taken }) => !isOver(state) && watch.level < levels.length && !isInHand(taken))
    .filter(({ taken }) => isUndelivered(state.id, (taken ?? state).askedSeq, deliveries))
    .map((chain): Draft => {
      const data = { ...nextEscalation(state, chain), reason };
      return { type: 'escalated', ...stamp, data };
    });
  return [record, ...atOnce];
}

const isInHand = (taken: Taken | undefined): boolean => Boolean(taken?.watch.acknowledged);

/** Whether the message that has asked somebody to act has reached nobody. */
function isUndelivered(id: string, askedSeq: number, deliveries: Delivery[]): boolean {
  const ofIt = deliveries.filter(({ notification }) => notification === `${id}-${askedSeq}`);
  return ofIt.length > 0 && ofIt.every(({ outcome }) => outcome === 'failed');
}

const isNews = (next: unknown, before: unknown): boolean =>
  JSON.stringify(next) !== JSON.stringify(before);

/** Whether a deploy or a rollback is under way; the queue is of no interest to others. */
const isDeploying = ({ deploys, rollbacks }: State): boolean =>
  [deploys.at(-1), rollbacks.at(-1)].some((step) => step?.result === null);

/** Never dated before its time, whatever the clock says: what rang is due. */
function overdue(state: State, acknowledgement: number | undefined, now: string): Draft[] {
  const chain = chainOf(state, acknowledgement);
  if (isOver(state) || !chain) return [];
  const { terms, phase } = state;
  const data = withMissed(
    nextEscalation(state, chain),
    terms.policy.escalation[phase],
    chain.watch,
    now,
  );
  return [{ type: 'escalated', at: latest(now, chain.watch.nextAt), by: self, data }];
}

function overdueRetrospective(state: State, now: string): Draft[] {
  const watch = state.retrospectiveWatch;
  if (isOver(state) || !watch) return [];
  const { retrospective } = state.terms.policy;
  const told = levelToTell(state, retrospective, nextLevel(retrospective, watch));
  const { repeat } = escalate(retrospective, watch, told.level, watch.nextAt);
  const next = { ...told, wait: 'retrospective' as const, repeat, waitingFor: reviewers };
  const data = withMissed(next, retrospective, watch, now);
  return [{ type: 'escalated', at: latest(now, watch.nextAt), by: self, data }];
}

const latest = (one: string, other: string): string => (one > other ? one : other);

type Escalated = Extract<Draft, { type: 'escalated' }>['data'];

/**
 * Where nothing of ours ran for so long that further levels' time has passed, one message names them and
 * reaches their people too. The chain goes on from the level that rang, so that no clock decides that.
 */
function withMissed(data: Escalated, escalation: Escalation, watch: Watch, now: string): Escalated {
  const missed = missedLevels(escalation, watch, now);
  if (missed.length === 0) return data;
  const levels = missed.map(({ level }) => levelOf(escalation, level));
  const recipients = [...new Set([data.recipients, ...levels.map(({ notify }) => notify)].flat())];
  const channels = [data, ...levels].map((one) => one.channels);
  const { channels: _, ...rest } = data;
  return {
    ...rest,
    recipients,
    // Without a list a level is told by all channels.
    ...(channels.every((some) => some) && {
      channels: [...new Set(channels.flatMap((some) => some ?? []))],
    }),
    missed,
  };
}

const reviewers: Role[] = ['reviewer', 'securityReviewer'];

function nextEscalation(state: State, { watch, waits, taken }: Chain) {
  const { phase, terms } = state;
  const escalation = terms.policy.escalation[phase];
  const told = levelToTell(state, escalation, nextLevel(escalation, watch));
  const { repeat } = escalate(escalation, watch, told.level, watch.nextAt);
  const waitingFor = [...new Set(waits.map(({ role }) => role))];
  return { ...told, repeat, waitingFor, ...(taken && { acknowledgement: taken.seq }) };
}

function levelToTell({ phase }: State, escalation: Escalation, level: number) {
  const { name, notify, channels } = levelOf(escalation, level);
  return { phase, level, name, recipients: notify, ...(channels && { channels }) };
}

const isHeard = ({ timeline, counted }: Incident, requestId: string): boolean =>
  [...timeline, ...counted.newest].some((one) => one.requestId === requestId);

function decideSignal(
  incident: Incident,
  { name, parsed, argument }: SignalMessage,
  now: string,
): Draft[] {
  const { state } = incident;
  const { requestId } = parsed.ok ? parsed.signal : parsed;
  if (isHeard(incident, requestId)) return [];
  if (!parsed.ok) {
    const { by, at, problem } = parsed;
    return refused({ name, by, at, requestId }, { code: 'malformed', reason: problem }, argument);
  }
  const { signal } = parsed;
  const refusal = refusalOf(state, signal);
  return refusal ? refused(signal, refusal, signal.body) : accepted(state, signal, now);
}

/** The longest record of a refused body, in characters. */
const longestBody = 2_000;

function refused(
  { name, by, at, requestId }: { name: string; by: string; at: string; requestId: string },
  refusal: Refusal,
  body: unknown,
): Draft[] {
  const text = JSON.stringify(body) ?? '';
  const kept = text.length > longestBody ? cut(text, longestBody) : body;
  const data = { signal: cut(name, 100), ...refusal, body: kept };
  return [{ type: 'signalRefused', at, by, requestId, data }];
}

function accepted(state: State, signal: Signal, now: string): Draft[] {
  const { name, by, at, requestId, body } = signal;
  const event = {
    type: name,
    by,
    at,
    requestId,
    data: { ...body, ...remarks(state, signal) },
  } as Draft;
  return signal.name === 'incidentAborted'
    ? [event, reached('aborted', `Aborted by ${by}: ${signal.body.reason}`, now)]
    : [event];
}

/** What the record adds to a completion: that it was late, or against the measurements. */
function remarks(
  state: State,
  signal: Signal,
): Pick<EventData['roleAssigned'], 'late' | 'againstMeasurements' | 'former' | 'tasks'> {
  const late = isCompletion(signal.name) && signal.at > deadlineOf(state, signal.name);
  const result = analysisOf(state, 'production', 'deploy')?.result;
  const against =
    (signal.name === 'systemVerified' &&
      contradicts(result, signal.body.solved && signal.body.healthy)) ||
    (signal.name === 'quickVerified' && contradicts(result, signal.body.passed));
  const former = signal.name === 'roleAssigned' && assigneesOf(state, signal.body.role);
  const tasks =
    signal.name === 'escalationAcknowledged' && !signal.isOfAll && tasksToTake(state, signal.by);
  return {
    ...(late && { late }),
    ...(against && { againstMeasurements: against }),
    ...(former && { former }),
    ...(tasks && { tasks }),
  };
}
