import { type ChecklistItem, checklistItems } from './checklist.ts';
import { acknowledge, escalate, later, startWatch, type Watch } from './escalation.ts';
import type { EventData, IncidentEvent, Opening, Status, Watched } from './events.ts';
import { beginWait, countWaits, type WaitRecord } from './figures.ts';
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
import type { Phase, Role } from './phases.ts';
import { bytesOf } from './room.ts';
import type { CompletionName, SignalBody, SignalName, TaskName } from './signals.ts';

/** Who said it, when it was received, and its place in the timeline. */
export type Said<T> = T & { by: string; at: string; seq: number };

export interface DeployRecord {
  environment: Environment;
  ref: string;
  attempt: number;
  startedAt: string;
  result: DeployResult | null;
}

/** One analysis: of a deploy to one environment, or of a rollback. */
export interface AnalysisRecord extends Watched {
  startedAt: string;
  /** The place in the timeline of what is known of it. */
  seq: number;
  result: MonitorResult | null;
}

export interface RollbackRecord {
  ref: string;
  attempt: number;
  startedAt: string;
  result: DeployResult | null;
}

/** The newest of what is known of a rota. */
export interface OnCallRecord extends OnCallFound {
  /** Whoever was found in it since the incident began: what they were asked they may still answer. */
  asked: string[];
}

export interface Held {
  reason: string;
  at: string;
  /** Where nothing was deployed to; without it something was, and its measurements are unclear. */
  environment?: Environment;
  /** The deployer says that it does not go live like this. */
  isGivenUp?: true;
}

/** Tasks that one person has in hand or had: their escalation goes on apart from that of the others. */
export interface Taken {
  /** The place in the timeline of the acknowledgement. */
  seq: number;
  tasks: TaskName[];
  watch: Watch;
  /** As {@link State.askedSeq}, of these tasks. */
  askedSeq: number;
}

export interface PhaseRecord {
  phase: Phase;
  attempt: number;
  startedAt: string;
  endedAt: string | null;
}

/** What is known of an incident: the fold of its timeline. */
export interface State extends Opening {
  openedAt: string;
  endedAt: string | null;
  mitigatedAt: string | null;
  status: Status;
  explanation: string;
  phase: Phase;
  /** Rises by one with each way back to the quick fix. */
  attempt: number;
  phases: PhaseRecord[];
  /** Of all that is waited for and not taken. */
  watch: Watch;
  taken: Taken[];
  /** Each wait since the incident began, with how long it took people. */
  waits: WaitRecord[];
  /** The place in the timeline of what was asked of people last: a phase's beginning or an escalation. */
  askedSeq: number;
  /** The roles' completions that count now: those of this attempt, and those made once. */
  completed: { [N in CompletionName]?: Said<EventData[N]> };
  bypass: Said<SignalBody<'reviewBypassed'> & { attempt: number }> | null;
  retrospective: Said<SignalBody<'retrospectiveReviewed'>> | null;
  /** Of the review that a bypass owes, from the bypass until it is given. */
  retrospectiveWatch: Watch | null;
  deploys: DeployRecord[];
  /** Who deploys and who waits, while this incident is one of several. */
  deployQueue: DeployQueue | null;
  /** Why and since when the deployer is asked again. */
  held: Held | null;
  analyses: AnalysisRecord[];
  /** Until when the monitor has to answer measurements that did not pass. */
  answerDue: string | null;
  rollbacks: RollbackRecord[];
  preflight: PreflightCheck[];
  /** By rota: who is on call, as far as it was asked. */
  onCall: Record<string, OnCallRecord>;
  /** By channel: where its messages of this incident are. */
  threads: Record<string, Record<string, string>>;
  followUps: (FollowUpTask & FiledFollowUp)[];
  checklist: Record<ChecklistItem, { at: string; by: string; evidence: string } | null>;
  /** How large the timeline is, in bytes of JSON. */
  size: number;
}

/** The completions that a new attempt makes anew. */
const madeAnew: CompletionName[] = [
  'fixReady',
  'sanityChecked',
  'securityChecked',
  'deployAuthorized',
  'systemVerified',
  'quickVerified',
];

export const isOver = (state: State): boolean =>
  state.status !== 'open' && state.status !== 'mitigated';

const escalationOf = (state: State, phase = state.phase) => state.terms.policy.escalation[phase];

/** Until when a signal is in time: by its phase, or sooner or later where it is asked for anew. */
export function deadlineOf(state: State, signal: SignalName): string {
  if (signal === 'systemVerified' && state.answerDue) return state.answerDue;
  return startWatch(escalationOf(state), askedAt(state, signal)).nextAt;
}

/** Since when a signal of the current phase is waited for. */
export function askedAt(state: State, signal: SignalName): string {
  const since: Partial<Record<SignalName, string | undefined>> = {
    deployAuthorized: state.held?.at,
    deployConfirmed: deployInDoubt(state)?.result?.finishedAt,
  };
  return since[signal] ?? currentPhase(state).startedAt;
}

/** The deploy of this attempt of which nothing but its deployer can tell how it ended. */
export const deployInDoubt = ({ deploys, attempt }: State): DeployRecord | undefined =>
  deploys.find((one) => one.attempt === attempt && one.result?.outcome === 'unknown');

/** The last analysis of this attempt. */
export const analysisOf = (
  { analyses, attempt }: State,
  environment: Environment,
  after: Watched['after'],
): AnalysisRecord | undefined =>
  analyses.findLast(
    (one) => one.attempt === attempt && one.environment === environment && one.after === after,
  );

/** The rollback of this attempt. */
export const rollbackOf = ({ rollbacks, attempt }: State): RollbackRecord | undefined =>
  rollbacks.findLast((one) => one.attempt === attempt);

export const currentPhase = (state: State): PhaseRecord => state.phases.at(-1) as PhaseRecord;

export const rotasOf = ({ terms }: State, role: Role): string[] => terms.rotas[role] ?? [];

/** What is known of a rota; undefined before its first answer. */
export const onCallOf = ({ onCall }: State, rota: string): OnCallRecord | undefined =>
  Object.hasOwn(onCall, rota) ? onCall[rota] : undefined;

const onCallFor = (state: State, role: Role): OnCallRecord[] =>
  rotasOf(state, role).flatMap((rota) => onCallOf(state, rota) ?? []);

/** Who holds a role now, assigned or found on call; empty while nobody is known. */
export const assigneesOf = (state: State, role: Role): string[] => [
  ...new Set([
    ...(state.terms.assignments[role] ?? []),
    ...onCallFor(state, role).flatMap(({ people }) => people),
  ]),
];

/** Who was on call for a role when it was asked, since the incident began. */
export const askedFor = (state: State, role: Role): string[] =>
  onCallFor(state, role).flatMap(({ asked }) => asked);

function opened(event: Extract<IncidentEvent, { type: 'incidentOpened' }>): State {
  const phase: Phase = 'declaration';
  return {
    openedAt: event.at,
    endedAt: null,
    mitigatedAt: null,
    status: 'open',
    explanation: '',
    phase,
    attempt: 1,
    phases: [{ phase, attempt: 1, startedAt: event.at, endedAt: null }],
    watch: startWatch(event.data.terms.policy.escalation[phase], event.at),
    taken: [],
    waits: [beginWait({ wait: phase, attempt: 1 }, event)],
    askedSeq: event.seq,
    completed: {},
    bypass: null,
    retrospective: null,
    retrospectiveWatch: null,
    deploys: [],
    deployQueue: null,
    held: null,
    analyses: [],
    answerDue: null,
    rollbacks: [],
    preflight: [],
    onCall: {},
    threads: {},
    followUps: [],
    checklist: Object.fromEntries(checklistItems.map((item) => [item, null])) as State['checklist'],
    size: bytesOf(event),
    // Last, since an object that begins with a spread grows key by key, on the way of every start.
    ...event.data,
  };
}

/** The next state. Pure; the first event of every timeline is `incidentOpened`. */
export function evolve(state: State | null, event: IncidentEvent): State {
  if (event.type === 'incidentOpened') return opened(event);
  if (state === null) throw new Error('A timeline begins with incidentOpened.');
  return {
    ...apply(state, event),
    waits: countWaits(state.waits, event),
    size: state.size + bytesOf(event),
  };
}

function apply(state: State, event: IncidentEvent): State {
  switch (event.type) {
    case 'phaseStarted':
      return startPhase(state, event);
    case 'statusChanged':
      return changeStatus(state, event);
    case 'escalated':
      return escalated(state, event);
    case 'escalationAcknowledged':
      return acknowledged(state, event);
    case 'deployStarted':
      return {
        ...state,
        deploys: [
          ...state.deploys,
          { ...event.data, attempt: state.attempt, startedAt: event.at, result: null },
        ],
      };
    case 'deployFinished':
      return deployFinished(state, event);
    case 'deployConfirmed':
      return confirmed(state, event);
    case 'deployQueueChanged':
      return { ...state, deployQueue: event.data };
    case 'deployHeld':
      return hold(
        { ...state, deploys: state.deploys.slice(0, -1) },
        { ...event.data, at: event.at },
      );
    case 'rollbackStarted':
      return {
        ...state,
        rollbacks: [
          ...state.rollbacks,
          { ref: event.data.ref, attempt: state.attempt, startedAt: event.at, result: null },
        ],
      };
    case 'rollbackFinished':
      return {
        ...state,
        rollbacks: finishLast(state.rollbacks, event.data.result),
        deployQueue: null,
      };
    case 'monitoringStarted':
      return {
        ...state,
        analyses: [
          ...state.analyses,
          { ...event.data, startedAt: event.at, seq: event.seq, result: null },
        ],
      };
    case 'monitored':
      return monitored(state, event);
    case 'notified':
      return { ...state, threads: { ...state.threads, ...threadsOf(event.data.deliveries) } };
    case 'onCallFound':
      return {
        ...state,
        onCall: { ...state.onCall, [event.data.rota]: foundOnCall(state, event) },
      };
    case 'preflighted':
      return { ...state, preflight: event.data.checks };
    case 'followUpsFiled':
      return filed(state, event);
    case 'roleAssigned':
      return assign(state, event.data.role, event.data.person);
    case 'reviewBypassed':
      return {
        ...state,
        bypass: { ...said(event), attempt: state.attempt },
        retrospective: null,
        retrospectiveWatch: startWatch(state.terms.policy.retrospective, event.at),
      };
    case 'retrospectiveReviewed':
      return { ...state, retrospective: said(event), retrospectiveWatch: null };
    case 'checklistItemDone':
      return check(state, event.data.item, event, event.data.evidence);
    case 'incidentOpened':
    case 'signalRefused':
    case 'refusalsCounted':
    case 'activityFailed':
    case 'commented':
    case 'incidentAborted':
      return state;
    default:
      return complete(state, event);
  }
}

function escalated(state: State, event: Extract<IncidentEvent, { type: 'escalated' }>): State {
  // Events that were folded into this one are not there to be counted, so it says the count itself.
  const { level, wait, repeat, acknowledgement } = event.data;
  const next = (watch: Watch) => ({
    ...escalate(escalationOf(state), watch, level, event.at),
    repeat,
  });
  if (acknowledgement !== undefined) {
    const taken = state.taken.map((one) =>
      one.seq === acknowledgement ? { ...one, watch: next(one.watch), askedSeq: event.seq } : one,
    );
    return { ...state, taken };
  }
  if (wait !== 'retrospective') {
    const taken = state.taken.filter(isApart);
    return { ...state, watch: next(state.watch), taken, askedSeq: event.seq };
  }
  const { retrospective } = state.terms.policy;
  const before = state.retrospectiveWatch ?? startWatch(retrospective, event.at);
  const watch = { ...escalate(retrospective, before, level, event.at), repeat };
  return { ...state, retrospectiveWatch: watch };
}

/** Whoever acknowledges takes tasks out of the escalations in which they are; of old, the whole phase. */
function acknowledged(
  state: State,
  { data: { tasks }, by, at, seq }: Extract<IncidentEvent, { type: 'escalationAcknowledged' }>,
): State {
  const take = (watch: Watch) => acknowledge(escalationOf(state), watch, by, at);
  const [first] = tasks ?? [];
  if (!tasks || !first) return { ...state, watch: take(state.watch) };
  const others = state.taken
    .map((one) => ({ ...one, tasks: one.tasks.filter((task) => !includesTask(tasks, task)) }))
    .filter((one) => one.tasks.length > 0);
  const highest = tasks
    .map((task) => watchOf(state, task))
    .reduce((one, other) => (other.level > one.level ? other : one));
  const { askedSeq } = state.taken.find((one) => isTaken(one, first)) ?? state;
  return { ...state, taken: [...others, { seq, tasks, watch: take(highest), askedSeq }] };
}

export const isSameTask = (one: TaskName, other: TaskName): boolean =>
  one.signal === other.signal && one.item === other.item;

const includesTask = (tasks: readonly TaskName[], task: TaskName): boolean =>
  tasks.some((one) => isSameTask(one, task));

export const isTaken = ({ tasks }: Taken, task: TaskName): boolean => includesTask(tasks, task);

/** Before the limit a task that is taken stays in the escalation of all: it is late with them. */
export const isApart = ({ watch }: Taken): boolean => watch.level > 0;

/** The escalation that a task is in. */
export const watchOf = (state: State, task: TaskName): Watch =>
  state.taken.find((one) => isTaken(one, task))?.watch ?? state.watch;

const said = <E extends IncidentEvent>(event: E): Said<E['data']> => ({
  ...event.data,
  by: event.by,
  at: event.at,
  seq: event.seq,
});

function foundOnCall(
  state: State,
  { data: { newcomers: _newcomers, ...found } }: Extract<IncidentEvent, { type: 'onCallFound' }>,
): OnCallRecord {
  const asked = onCallOf(state, found.rota)?.asked ?? [];
  return { ...found, asked: [...new Set([...asked, ...found.people])] };
}

const threadsOf = (deliveries: Delivery[]): State['threads'] =>
  Object.fromEntries(
    deliveries.flatMap(({ channel, thread }) => (thread ? [[channel, thread]] : [])),
  );

const finishLast = <T extends DeployRecord | RollbackRecord>(
  records: T[],
  result: DeployResult,
): T[] =>
  records.map((record, index) => (index === records.length - 1 ? { ...record, result } : record));

function deployFinished(
  state: State,
  { data: { result }, at }: Extract<IncidentEvent, { type: 'deployFinished' }>,
): State {
  const next = { ...state, deploys: finishLast(state.deploys, result), deployQueue: null };
  return result.outcome === 'unknown' ? askAnew(next, startWatch(escalationOf(state), at)) : next;
}

/** The deployer says how it stands: of a deploy in doubt how it ended, of one that was held what became of it. */
function confirmed(
  state: State,
  { data: { live }, by, at }: Extract<IncidentEvent, { type: 'deployConfirmed' }>,
): State {
  const outcome = live ? ('succeeded' as const) : ('failed' as const);
  const doubted = deployInDoubt(state);
  if (doubted?.result) {
    const result = { ...doubted.result, outcome, confirmedBy: by };
    return {
      ...state,
      deploys: state.deploys.map((one) => (one === doubted ? { ...one, result } : one)),
    };
  }
  const { held } = state;
  if (!held?.environment) return state;
  if (!live) return { ...state, held: { ...held, isGivenUp: true } };
  const byHand: DeployRecord = {
    environment: held.environment,
    ref: state.completed.fixReady?.ref ?? '',
    attempt: state.attempt,
    startedAt: held.at,
    result: {
      outcome,
      adapter: 'manual',
      summary: `${by} says that it is live.`,
      output: '',
      confirmedBy: by,
      startedAt: held.at,
      finishedAt: at,
    },
  };
  return { ...state, deploys: [...state.deploys, byHand], held: null };
}

/** The authorization was for what was live then: it has to be given again. */
const hold = (state: State, held: Held): State => ({
  ...askAnew(state, startWatch(escalationOf(state), held.at)),
  deployQueue: null,
  held,
  completed: without(state.completed, ['deployAuthorized']),
});

/** Whoever had it in hand had something else in hand. */
const askAnew = (state: State, watch: Watch): State => ({ ...state, watch, taken: [] });

function monitored(state: State, event: Extract<IncidentEvent, { type: 'monitored' }>): State {
  const { environment, after, attempt, result } = event.data;
  const open = state.analyses.findLast(
    (one) =>
      one.result === null &&
      one.environment === environment &&
      one.after === after &&
      one.attempt === attempt,
  );
  const analyses = state.analyses.map((one) =>
    one === open ? { ...one, seq: event.seq, result } : one,
  );
  const next = { ...state, analyses };
  if (after === 'rollback' || attempt !== state.attempt || result.outcome === 'passed') return next;
  if (environment === 'production') return askMonitor(next, result, event.at);
  return result.outcome === 'failed'
    ? next
    : hold(next, { reason: unclearStaging(result), at: event.at });
}

const unclearStaging = ({ outcome, measures }: MonitorResult): string => {
  const bad = measures.find((measure) => measure.outcome === outcome);
  return `The measurements of staging are ${outcome === 'error' ? 'broken' : 'inconclusive'}${bad ? ` (${bad.name}: ${bad.summary})` : ''}: look yourself, then authorize again, with skipStaging to go on without them.`;
};

/**
 * What did not pass is the monitor's to judge, within a time of its own. An answer from before could
 * not know of missing data, so it is asked for again; that it could not know of a failure is what
 * makes the failure count.
 */
function askMonitor(state: State, { outcome }: MonitorResult, at: string): State {
  const answerDue = later(at, state.terms.policy.answerWithin);
  const isUnknown = outcome !== 'failed';
  const completed = isUnknown ? without(state.completed, ['systemVerified']) : state.completed;
  const watch = { ...startWatch(escalationOf(state), at), nextAt: answerDue };
  return { ...askAnew(state, watch), completed, answerDue };
}

function startPhase(
  state: State,
  { data, at, seq }: Extract<IncidentEvent, { type: 'phaseStarted' }>,
): State {
  const isNewAttempt = data.attempt > state.attempt;
  return {
    ...state,
    phase: data.phase,
    attempt: data.attempt,
    phases: [...endPhase(state, at), { ...data, startedAt: at, endedAt: null }],
    watch: startWatch(escalationOf(state, data.phase), at),
    taken: [],
    askedSeq: seq,
    completed: isNewAttempt ? without(state.completed, madeAnew) : state.completed,
    deployQueue: null,
    held: null,
    answerDue: null,
  };
}

const endPhase = (state: State, at: string): PhaseRecord[] =>
  state.phases.map((record) => (record.endedAt === null ? { ...record, endedAt: at } : record));

const without = (completed: State['completed'], names: CompletionName[]): State['completed'] =>
  Object.fromEntries(
    Object.entries(completed).filter(([name]) => !names.includes(name as CompletionName)),
  );

function changeStatus(
  state: State,
  { data, at }: Extract<IncidentEvent, { type: 'statusChanged' }>,
): State {
  const next = { ...state, status: data.status, explanation: data.explanation };
  if (data.status === 'mitigated') return { ...next, mitigatedAt: at };
  return isOver(next) ? { ...next, endedAt: at, phases: endPhase(state, at) } : next;
}

function complete(state: State, event: Extract<IncidentEvent, { type: CompletionName }>): State {
  const next = { ...state, completed: { ...state.completed, [event.type]: said(event) } };
  switch (event.type) {
    case 'deployAuthorized':
      return { ...next, held: null };
    case 'systemVerified':
      return { ...next, answerDue: null };
    case 'incidentDeclared':
      return check(next, 'incidentDocumented', event, `timeline #${event.seq}`);
    case 'incidentReviewed':
      return check(next, 'postMortemConducted', event, `timeline #${event.seq}`);
    case 'preventionPlanned':
      return check(next, 'lessonsDocumented', event, `timeline #${event.seq}`);
    default:
      return next;
  }
}

function filed(state: State, event: Extract<IncidentEvent, { type: 'followUpsFiled' }>): State {
  const next = { ...state, followUps: [...state.followUps, ...event.data.tasks] };
  const fix = event.data.tasks.find(({ kind }) => kind === 'properFix');
  return fix ? check(next, 'properFixFollowUp', event, fix.url ?? fix.id) : next;
}

const check = (
  state: State,
  item: ChecklistItem,
  { at, by }: IncidentEvent,
  evidence: string,
): State => ({ ...state, checklist: { ...state.checklist, [item]: { at, by, evidence } } });

/** Whoever takes a role has it alone, whoever comes on call. */
const assign = (state: State, role: Role, person: string): State => ({
  ...state,
  terms: {
    ...state.terms,
    assignments: { ...state.terms.assignments, [role]: [person] },
    rotas: { ...state.terms.rotas, [role]: [] },
  },
});
