import type { Incident } from './decide.ts';
import type { IncidentEvent, Opening, Refusal, RefusalCode } from './events.ts';
import type { Environment } from './outcomes.ts';
import type { IncidentView } from './view.ts';

/** The names under which the workflow is reached: fixed, because other tools are written against them. */
export const workflowType = 'hotfix';
export const taskQueue = 'hotfix';
export const workflowIdOf = (incidentId: string): string => `hotfix-${incidentId}`;
export const incidentIdOf = (workflowId: string): string => workflowId.replace(/^hotfix-/, '');

/** The lock of a service's environment: a workflow of its own. */
export const lockWorkflowType = 'deployLock';
export const lockWorkflowIdOf = (service: string, environment: Environment): string =>
  `hotfix-lock-${service}-${environment}`;

export const lockMessages = {
  /** Update: (LockRequest) => Standing */
  acquire: 'acquire',
  /** Query: (key) => Standing | null */
  standing: 'standing',
  /** Signal: (Release) */
  release: 'release',
} as const;

/** The signal by which the lock tells an incident who deploys and who waits; its argument is a DeployQueue. */
export const deployQueueSignal = 'deployQueueChanged';

export const queries = {
  /** () => IncidentView */
  incident: 'incident',
  /** (requestId) => VerdictAnswer */
  verdict: 'verdict',
  /** (requestIds) => VerdictsAnswer */
  verdicts: 'verdicts',
  /** (after: the last `seq` that the caller has) => IncidentEvent[] */
  timeline: 'timeline',
} as const;

/**
 * The workflow's memo: what can be read of an incident while no worker lives. `incident` is renewed
 * with each phase and status.
 */
export interface HotfixMemo {
  incident?: IncidentView;
  /** Counts the incidents of one `dedupKey`, from 1. */
  generation?: number;
  /** The Idempotency-Key of the call that began it. */
  requestId?: string;
}

/** `signal` is what the request was; a key may have been used for another one before. */
export type Verdict =
  | { accepted: true; seq: number; signal: string }
  | { accepted: false; seq: number; signal: string; code: RefusalCode; reason: string };

/** The verdict is null while the workflow has not seen the request. */
export interface VerdictAnswer {
  verdict: Verdict | null;
  incident: IncidentView;
  /** Temporal's name for the history that it is in now. */
  runId: string;
}

/** As `VerdictAnswer`, to several requests at once: a verdict for each, in their order. */
export interface VerdictsAnswer extends Omit<VerdictAnswer, 'verdict'> {
  verdicts: (Verdict | null)[];
}

/** The workflow's argument: an opening, or what a long incident carries on with. */
export type HotfixInput = Opening | { timeline: IncidentEvent[] };

/** What the workflow returns at its end. */
export interface HotfixResult {
  incident: IncidentView;
  timeline: IncidentEvent[];
}

export function verdictOf(
  { timeline, counted }: Pick<Incident, 'timeline' | 'counted'>,
  requestId: string,
): Verdict | null {
  const event = timeline.find((one) => one.requestId === requestId);
  if (!event) {
    const refusal = counted.newest.find((one) => one.requestId === requestId);
    return refusal ? refusedBy(refusal, timeline.at(-1)?.seq ?? 0) : null;
  }
  if (event.type !== 'signalRefused') {
    return { accepted: true, seq: event.seq, signal: event.type };
  }
  return refusedBy(event.data, event.seq);
}

const refusedBy = (
  { signal, code, reason }: Refusal & { signal: string },
  seq: number,
): Verdict => ({ accepted: false, seq, signal, code, reason });
