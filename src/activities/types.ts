/**
 * What the workflow knows of the outside world: the shapes that cross between the workflow and its
 * activities. Types only, so that importing them pulls nothing into the workflow's sandbox.
 */

import type { Notification } from '../process/notifications.ts';
import type {
  DeployResult,
  DeployStep,
  Environment,
  FiledFollowUp,
  FollowUpTask,
  MonitorResult,
  OnCallFound,
  Overtaken,
  PreflightCheck,
  RotasToAsk,
  Told,
} from '../process/outcomes.ts';

export type { Notification } from '../process/notifications.ts';
export type * from '../process/outcomes.ts';
export type { FailureType } from './failures.ts';

/** What an analysis is asked about. Times are ISO 8601, UTC. */
export interface MonitorRequest {
  incidentId: string;
  service: string;
  environment: Environment;
  attempt: number;
  /** What has just been done there. */
  after: 'deploy' | 'rollback';
  /** When the impact began, or else the incident: measures relative to a baseline look before it. */
  impactStartedAt: string;
  /** When the deploy or rollback had ended. */
  deployedAt: string;
}

/** A step by its idempotency key, which is the id of its activity; a workflow alone is watched to its end. */
export type StepToWatch = { workflowId: string; key: string } | string;

/**
 * Every activity of the worker. Each throws only an ApplicationFailure whose message is a sentence
 * for people; non-retryable where a retry cannot mend it.
 */
export interface HotfixActivities {
  /** Waits for the service's lock first; `overtaken` where what is live has become another meanwhile. */
  deploy: (step: DeployStep) => Promise<DeployResult | Overtaken>;
  rollback: (step: DeployStep) => Promise<DeployResult>;
  /** Tries the access to the systems of a service without changing anything. */
  preflight: (service: string) => Promise<PreflightCheck[]>;
  monitor: (request: MonitorRequest) => Promise<MonitorResult>;
  /** Never throws for a channel or a rota that fails: what became of each is the answer. */
  notify: (notifications: Notification[]) => Promise<Told>;
  /** Never throws for a rota that fails. */
  findOnCall: (rotas: RotasToAsk) => Promise<OnCallFound[]>;
  fileFollowUps: (tasks: FollowUpTask[]) => Promise<FiledFollowUp[]>;
  /** For a lock: resolves when the step has ended, or its workflow has or never was. */
  workflowEnd: (watched: StepToWatch) => Promise<void>;
}
