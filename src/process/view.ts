import { nextChain } from './chains.ts';
import { type ChecklistItem, checklistItems } from './checklist.ts';
import type { IncidentRequest, Status } from './events.ts';
import { type Figures, figuresOf } from './figures.ts';
import type { DeployQueue } from './lock.ts';
import type {
  FiledFollowUp,
  FollowUpTask,
  MeasureResult,
  MonitorResult,
  PreflightCheck,
} from './outcomes.ts';
import type { Phase } from './phases.ts';
import {
  analysisOf,
  type DeployRecord,
  isOver,
  type RollbackRecord,
  rollbackOf,
  type State,
} from './state.ts';
import { nextStep } from './steps.ts';
import { type Wait, waitingFor } from './waiting.ts';

/** When each step was reached, ISO 8601, UTC; null while it was not. */
export interface Times {
  openedAt: string;
  impactStartedAt: string | null;
  declaredAt: string | null;
  confirmedAt: string | null;
  fixReadyAt: string | null;
  reviewedAt: string | null;
  deployedAt: string | null;
  mitigatedAt: string | null;
  endedAt: string | null;
}

export type MonitoringSummary = Omit<MonitorResult, 'measures'> & {
  measures: Omit<MeasureResult, 'points'>[];
};

/** The incident as callers see it. */
export interface IncidentView {
  id: string;
  title: string;
  service: string;
  description: string | null;
  reason: NonNullable<IncidentRequest['reason']> | null;
  source: string | null;
  dedupKey: string | null;
  status: Status;
  /** Why the status is what it is; what to do instead where the incident was declined. */
  explanation: string;
  phase: Phase;
  attempt: number;
  priority: string | null;
  waitingFor: Wait[];
  escalation: { level: number; nextAt: string; acknowledged: { by: string; at: string } | null };
  completed: State['completed'];
  bypass: { by: string; at: string; reason: string; reviewed: boolean } | null;
  /** What was tried of the service's access while there was time. */
  preflight: PreflightCheck[];
  deploys: DeployRecord[];
  /** While another incident deploys the same service: who holds the lock and who waits. */
  deployQueue: DeployQueue | null;
  rollbacks: RollbackRecord[];
  /** The analysis of this attempt's deploy to production; its series are read apart. */
  monitoring: MonitoringSummary | null;
  followUps: (FollowUpTask & FiledFollowUp)[];
  checklist: {
    item: ChecklistItem;
    done: boolean;
    evidence: string | null;
    at: string | null;
    by: string | null;
  }[];
  times: Times;
  /** Of each wait since the incident began, oldest first. */
  figures: Figures[];
}

export function viewOf(state: State): IncidentView {
  const { request, completed, bypass } = state;
  return {
    id: state.id,
    title: request.title,
    service: request.service,
    description: request.description ?? null,
    reason: completed.incidentDeclared?.reason ?? request.reason ?? null,
    source: request.source ?? null,
    dedupKey: request.dedupKey ?? null,
    status: state.status,
    explanation: state.explanation || phaseExplanation(state),
    phase: state.phase,
    attempt: state.attempt,
    priority: completed.priorityAssessed?.priority ?? null,
    waitingFor: waitingFor(state),
    escalation: escalationView(state),
    completed,
    bypass: bypass && {
      by: bypass.by,
      at: bypass.at,
      reason: bypass.reason,
      reviewed: state.retrospective !== null,
    },
    preflight: state.preflight,
    deploys: state.deploys,
    deployQueue: state.deployQueue,
    rollbacks: state.rollbacks,
    monitoring: summaryOf(analysisOf(state, 'production', 'deploy')?.result),
    followUps: state.followUps,
    checklist: checklistItems.map((item) => checklistEntry(state, item)),
    times: timesOf(state),
    figures: figuresOf(state.waits),
  };
}

/** Of all escalations under way: the highest level, who is told next, and who has it in hand where nothing is left. */
function escalationView(state: State): IncidentView['escalation'] {
  const waits = waitingFor(state);
  const { watch } = nextChain(state) ?? state;
  const taken = waits.flatMap(({ acknowledged }) => acknowledged ?? []);
  return {
    level: Math.max(watch.level, ...waits.map(({ escalationLevel }) => escalationLevel)),
    nextAt: watch.nextAt,
    acknowledged: waits.length > 0 && taken.length === waits.length ? (taken.at(-1) ?? null) : null,
  };
}

const summaryOf = (result: MonitorResult | null | undefined): MonitoringSummary | null =>
  result
    ? { ...result, measures: result.measures.map(({ points: _points, ...measure }) => measure) }
    : null;

const checklistEntry = ({ checklist }: State, item: ChecklistItem) => ({
  item,
  done: checklist[item] !== null,
  evidence: checklist[item]?.evidence ?? null,
  at: checklist[item]?.at ?? null,
  by: checklist[item]?.by ?? null,
});

function phaseExplanation(state: State): string {
  if (isOver(state)) return '';
  const roles = [...new Set(waitingFor(state).map(({ role }) => role))];
  return roles.length > 0 ? `Waiting for ${roles.join(', ')}.` : machineryAtWork(state);
}

function machineryAtWork(state: State): string {
  const { id, phase, deployQueue } = state;
  const holder = deployQueue?.holder;
  if (holder && holder.incidentId !== id) {
    const { incidentId, ref, givenUp } = holder;
    return givenUp
      ? `Waiting for the incident ${incidentId}: its deploy of ${ref} to ${deployQueue.environment} was given up and may still go on.`
      : `Waiting for the incident ${incidentId}, which deploys ${ref} to ${deployQueue.environment}.`;
  }
  if (rollbackOf(state)?.result === null) return 'Rolling back.';
  if (phase === 'deploy') return `${deployWords(state)}.`;
  return phase === 'verify' ? 'Watching the system.' : 'Working.';
}

function deployWords(state: State): string {
  const step = nextStep(state);
  const environment = step?.environment ?? 'production';
  return step?.kind === 'analyse' ? `Measuring ${environment}` : `Deploying to ${environment}`;
}

function timesOf(state: State): Times {
  const { completed, phases, request } = state;
  const begin = (phase: Phase) =>
    phases.findLast((record) => record.phase === phase)?.startedAt ?? null;
  return {
    openedAt: state.openedAt,
    impactStartedAt:
      completed.incidentDeclared?.impactStartedAt ?? request.declaration?.impactStartedAt ?? null,
    declaredAt: completed.incidentDeclared?.at ?? null,
    confirmedAt: completed.priorityAssessed?.at ?? null,
    fixReadyAt: completed.fixReady?.at ?? null,
    reviewedAt: begin('deploy'),
    deployedAt: begin('verify'),
    mitigatedAt: state.mitigatedAt,
    endedAt: state.endedAt,
  };
}
