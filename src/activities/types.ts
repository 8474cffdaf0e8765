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
} from '../process/outcomes.ts';

export type { Notification } from '../process/notifications.ts';
export type * from '../process/outcomes.ts';

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
  deploy: (step: DeployStep) => Promise<DeployResult>;
  rollback: (step: DeployStep) => Promise<DeployResult>;
  monitor: (request: MonitorRequest) => Promise<MonitorResult>;
  notify: (notifications: Notification[]) => Promise<void>;
  fileFollowUps: (tasks: FollowUpTask[]) => Promise<FiledFollowUp[]>;
}
