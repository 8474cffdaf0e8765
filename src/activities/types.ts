/**
 * What the workflow knows of the outside world: the shapes that cross between the workflow and its
 * activities. Types only, so that importing them pulls nothing into the workflow's sandbox.
 */

import type {
  DeployResult,
  Environment,
  FiledFollowUp,
  FollowUpTask,
  MonitorResult,
} from '../process/outcomes.ts';

import type { Notification } from '../process/notifications.ts';

export type { Notification } from '../process/notifications.ts';
export type * from '../process/outcomes.ts';

/** One deploy (or rollback) of one attempt to one environment. */
export interface DeployStep {
  incidentId: string;
  title: string;
  service: string;
  environment: Environment;
  attempt: number;
  /** What to put there; for a rollback, what failed and is taken back. */
  ref: string;
  /**
   * The same for every retry of this step and for no other step: how a deploy system, or the next
   * worker after a crash, recognises what was already started.
   */
  idempotencyKey: string;
}

/** What a monitoring window is asked about. */
export interface MonitorRequest {
  incidentId: string;
  service: string;
  environment: Environment;
  attempt: number;
}

/**
 * Every activity of the worker. Each throws only an ApplicationFailure whose message is a sentence
 * for people; non-retryable where a retry cannot mend it.
 */
export interface HotfixActivities {
  deploy(step: DeployStep): Promise<DeployResult>;
  rollback(step: DeployStep): Promise<DeployResult>;
  monitor(request: MonitorRequest): Promise<MonitorResult>;
  notify(notifications: Notification[]): Promise<void>;
  fileFollowUps(tasks: FollowUpTask[]): Promise<FiledFollowUp[]>;
}
