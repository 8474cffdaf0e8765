/**
 * What the workflow knows of the outside world: the shapes that cross between the workflow and its
 * activities. Types only, so that importing them pulls nothing into the workflow's sandbox.
 */

export type Environment = 'staging' | 'production';

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

/** How a deploy or a rollback ended. Times are ISO 8601, UTC. */
export interface DeployResult {
  outcome: 'succeeded' | 'failed';
  /** The adapter's name; `manual` means a person did it by their own means. */
  adapter: string;
  /** One sentence for people: what happened, and where it failed what to do. */
  summary: string;
  /** The end of the program's output, at most 8 KiB; empty where there is none. */
  output: string;
  /** Where to look at this run in the deploy system. */
  url?: string;
  startedAt: string;
  finishedAt: string;
}

/** What a monitoring window is asked about. */
export interface MonitorRequest {
  incidentId: string;
  service: string;
  environment: Environment;
  attempt: number;
}

/** Missing data is neither: `inconclusive`. `error` is a measurement that could not be made at all. */
export type MeasurementOutcome = 'passed' | 'failed' | 'inconclusive' | 'error';

/** One measure over the whole window. */
export interface MeasureResult {
  name: string;
  adapter: string;
  outcome: MeasurementOutcome;
  /** One sentence for people, with the last value or the first failure. */
  summary: string;
  counts: Record<MeasurementOutcome, number>;
}

export interface MonitorResult {
  outcome: MeasurementOutcome;
  measures: MeasureResult[];
  startedAt: string;
  finishedAt: string;
}

/** One message to people; the adapters decide how it looks. */
export interface Notification {
  /** The same for every retry of this message: receivers drop what they have seen. */
  id: string;
  incidentId: string;
  title: string;
  service: string;
  /** `phase` somebody's turn has come, `escalation` a limit has passed, `status` for everyone. */
  kind: 'phase' | 'escalation' | 'status';
  /** People or roles to reach. */
  recipients: string[];
  /** One line. */
  subject: string;
  /** What is asked, since when, until when. Markdown. */
  text: string;
  at: string;
}

export interface FollowUpTask {
  /** The same for every retry. */
  key: string;
  incidentId: string;
  service: string;
  kind: 'properFix' | 'prevention' | 'improvement';
  title: string;
  description: string;
}

export interface FiledFollowUp {
  key: string;
  /** The tracker's own name for it. */
  id: string;
  tracker: string;
  url?: string;
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
