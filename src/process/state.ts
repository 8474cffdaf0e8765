import { type ChecklistItem, checklistItems } from './checklist.ts';
import { acknowledge, escalate, startWatch, type Watch } from './escalation.ts';
import type { EventData, IncidentEvent, Opening, Status } from './events.ts';
import type {
  DeployResult,
  Environment,
  FiledFollowUp,
  FollowUpTask,
  MonitorResult,
} from './outcomes.ts';
import type { Phase, Role } from './phases.ts';
import type { CompletionName, SignalBody } from './signals.ts';

/** Who said it, when it was received, and its place in the timeline. */
export type Said<T> = T & { by: string; at: string; seq: number };

export interface DeployRecord {
  environment: Environment;
  ref: string;
  attempt: number;
  startedAt: string;
  result: DeployResult | null;
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
  watch: Watch;
  /** The roles' completions that count now: those of this attempt, and those made once. */
  completed: { [N in CompletionName]?: Said<EventData[N]> };
  bypass: Said<SignalBody<'reviewBypassed'> & { attempt: number }> | null;
  retrospective: Said<SignalBody<'retrospectiveReviewed'>> | null;
  deploys: DeployRecord[];
  monitoring: { startedAt: string; seq: number; result: MonitorResult | null } | null;
  rollback: { ref: string; startedAt: string; result: DeployResult | null } | null;
  followUps: (FollowUpTask & FiledFollowUp)[];
  checklist: Record<ChecklistItem, { at: string; by: string; evidence: string } | null>;
  /** How large the timeline is, in characters of JSON. */
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

export const deadlineOf = (state: State): string =>
  startWatch(escalationOf(state), currentPhase(state).startedAt).nextAt;

export const currentPhase = (state: State): PhaseRecord => state.phases.at(-1) as PhaseRecord;

/** Who holds a role now; empty while nobody is named. */
export const assigneesOf = (state: State, role: Role): string[] =>
  state.terms.assignments[role] ?? [];

function opened(event: Extract<IncidentEvent, { type: 'incidentOpened' }>): State {
  const phase: Phase = 'declaration';
  return {
    ...event.data,
    openedAt: event.at,
    endedAt: null,
    mitigatedAt: null,
    status: 'open',
    explanation: '',
    phase,
    attempt: 1,
    phases: [{ phase, attempt: 1, startedAt: event.at, endedAt: null }],
    watch: startWatch(event.data.terms.policy.escalation[phase], event.at),
    completed: {},
    bypass: null,
    retrospective: null,
    deploys: [],
    monitoring: null,
    rollback: null,
    followUps: [],
    checklist: Object.fromEntries(checklistItems.map((item) => [item, null])) as State['checklist'],
    size: 0,
  };
}

/** The next state. Pure; the first event of every timeline is `incidentOpened`. */
export function evolve(state: State | null, event: IncidentEvent): State {
  if (event.type === 'incidentOpened') return grown(opened(event), event);
  if (state === null) throw new Error('A timeline begins with incidentOpened.');
  return grown(apply(state, event), event);
}

const grown = (state: State, event: IncidentEvent): State => ({
  ...state,
  size: state.size + JSON.stringify(event).length,
});

function apply(state: State, event: IncidentEvent): State {
  switch (event.type) {
    case 'phaseStarted':
      return startPhase(state, event);
    case 'statusChanged':
      return changeStatus(state, event);
    case 'escalated':
      return { ...state, watch: escalate(escalationOf(state), state.watch, event.at) };
    case 'escalationAcknowledged':
      return {
        ...state,
        watch: acknowledge(escalationOf(state), state.watch, event.by, event.at),
      };
    case 'deployStarted':
      return {
        ...state,
        deploys: [
          ...state.deploys,
          { ...event.data, attempt: state.attempt, startedAt: event.at, result: null },
        ],
      };
    case 'deployFinished':
      return { ...state, deploys: finishLast(state.deploys, event.data.result) };
    case 'rollbackStarted':
      return {
        ...state,
        rollback: { ref: event.data.ref, startedAt: event.at, result: null },
      };
    case 'rollbackFinished':
      return {
        ...state,
        rollback: state.rollback && { ...state.rollback, result: event.data.result },
      };
    case 'monitoringStarted':
      return { ...state, monitoring: { startedAt: event.at, seq: event.seq, result: null } };
    case 'monitored':
      return {
        ...state,
        monitoring: state.monitoring && {
          ...state.monitoring,
          seq: event.seq,
          result: event.data.result,
        },
      };
    case 'followUpsFiled':
      return filed(state, event);
    case 'roleAssigned':
      return assign(state, event.data.role, event.data.person);
    case 'reviewBypassed':
      return { ...state, bypass: { ...said(event), attempt: state.attempt } };
    case 'retrospectiveReviewed':
      return { ...state, retrospective: said(event) };
    case 'checklistItemDone':
      return check(state, event.data.item, event, event.data.evidence);
    case 'incidentOpened':
    case 'signalRefused':
    case 'activityFailed':
    case 'commented':
    case 'incidentAborted':
      return state;
    default:
      return complete(state, event);
  }
}

const said = <E extends IncidentEvent>(event: E): Said<E['data']> => ({
  ...event.data,
  by: event.by,
  at: event.at,
  seq: event.seq,
});

const finishLast = (deploys: DeployRecord[], result: DeployResult): DeployRecord[] =>
  deploys.map((deploy, index) => (index === deploys.length - 1 ? { ...deploy, result } : deploy));

function startPhase(
  state: State,
  { data, at }: Extract<IncidentEvent, { type: 'phaseStarted' }>,
): State {
  const isNewAttempt = data.attempt > state.attempt;
  return {
    ...state,
    phase: data.phase,
    attempt: data.attempt,
    phases: [...endPhase(state, at), { ...data, startedAt: at, endedAt: null }],
    watch: startWatch(escalationOf(state, data.phase), at),
    completed: isNewAttempt ? without(state.completed, madeAnew) : state.completed,
    monitoring: isNewAttempt ? null : state.monitoring,
    rollback: isNewAttempt ? null : state.rollback,
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

const assign = (state: State, role: Role, person: string): State => ({
  ...state,
  terms: { ...state.terms, assignments: { ...state.terms.assignments, [role]: [person] } },
});
