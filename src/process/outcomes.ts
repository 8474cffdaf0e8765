/** What the outside world answers: the shapes that activities bring back and events keep. */

import type { LastDeploy } from './lock.ts';

export type Environment = 'staging' | 'production';

/** What is live in an environment, and what a deploy system needs to bring exactly that back. */
export interface LiveVersion {
  /** As people know it: a tag, an image, a revision. */
  version: string;
  /** The deploy system's own memory of it; no secrets. */
  restore: Record<string, string>;
}

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
  /** For a rollback: what was live before the deploy that is taken back, where that is known. */
  before?: LiveVersion;
  /** For a rollback: the `idempotencyKey` of the deploy that it takes back. */
  undoes?: string;
}

/** How a deploy or a rollback ended. Times are ISO 8601, UTC. */
export interface DeployResult {
  /** `unknown`: it was begun, and nothing can tell how it ended; its deployer is asked. */
  outcome: 'succeeded' | 'failed' | 'unknown';
  /** The adapter's name; `manual` means a person did it by their own means. */
  adapter: string;
  /** One sentence for people: what happened, and where it failed what to do. */
  summary: string;
  /** The end of the program's output, at most 8 KiB; empty where there is none. */
  output: string;
  /** Where to look at this run in the deploy system. */
  url?: string;
  /** What was live before, where the deploy system can tell. */
  before?: LiveVersion;
  /** The incident that deployed or rolled back last before, where that is another one. */
  upon?: string;
  /** Who said how it ended, where the deploy system could not. */
  confirmedBy?: string;
  startedAt: string;
  finishedAt: string;
}

/** What the failure of a deploy or a rollback says of what was done. */
export interface StepFacts {
  /** Nothing was begun. */
  untouched?: true | undefined;
  /** What was begun. */
  run?: Pick<DeployResult, 'adapter' | 'url' | 'before' | 'startedAt'> | undefined;
}

/** The step was not begun: another incident's deploy has changed what is live meanwhile. */
export interface Overtaken {
  outcome: 'overtaken';
  by: Omit<LastDeploy, 'key'>;
}

/** Missing data is neither: `inconclusive`. `error` is a measurement that could not be made at all. */
export type MeasurementOutcome = 'passed' | 'failed' | 'inconclusive' | 'error';

/**
 * One measurement: milliseconds since the beginning of the analysis, the value (null where there was
 * none), and what it was taken for.
 */
export type Point = [offset: number, value: number | null, outcome: MeasurementOutcome];

/** A line that values are held against, resolved to a number, for people to see. */
export interface Threshold {
  /** As `fails above 0.05` or `baseline before the impact`. */
  label: string;
  value: number;
  kind: 'success' | 'failure' | 'baseline';
}

/** One measure over the whole analysis. */
export interface MeasureResult {
  name: string;
  adapter: string;
  outcome: MeasurementOutcome;
  /** One sentence for people, with the last value or the first failure. */
  summary: string;
  counts: Record<MeasurementOutcome, number>;
  /** Oldest first; bounded, with the extremes kept. */
  points: Point[];
  thresholds: Threshold[];
}

export interface MonitorResult {
  outcome: MeasurementOutcome;
  measures: MeasureResult[];
  startedAt: string;
  finishedAt: string;
}

/**
 * An analysis that goes on, as the heartbeats of its activity carry it; an outcome is null while it
 * is open.
 */
export interface MonitorProgress {
  startedAt: string;
  measures: (Omit<MeasureResult, 'outcome'> & { outcome: MeasurementOutcome | null })[];
}

/** Something that was tried without changing anything, so that what is missing is missed in time. */
export interface PreflightCheck {
  environment: Environment;
  /** Who needs it: the deployer a deploy and a rollback, the monitor a measure, the incident manager a rota. */
  what: 'deploy' | 'rollback' | 'measure' | 'rota';
  /** The measure's or the rota's name; for the others the adapter's. */
  name: string;
  ok: boolean;
  /** One sentence for people: what was found, and where it failed what to do. */
  summary: string;
  /** What is live now, where the deploy system can tell. */
  live?: string;
}

/** How one message went by one channel. */
export interface Delivery {
  /** The id of the message. */
  notification: string;
  channel: string;
  /** `outdated`: not sent, since what it asks was not asked any more. */
  outcome: 'delivered' | 'failed' | 'outdated';
  /** Whom it was for, as far as the channel could reach them. */
  to: string[];
  /** Why it failed, as one sentence. */
  reason?: string;
  /** What the channel has to know to go on in the same place, such as a message to renew. */
  thread?: Record<string, string>;
}

/** What a rota said of who is on call, or what is still known of it. */
export interface OnCallFound {
  rota: string;
  /** Ids of people; empty where nobody is on call, and where nothing is known. */
  people: string[];
  /** Of when that is, ISO 8601, UTC. */
  asOf: string;
  /** `lastGood` it does not answer, and this is what it said last; `none` it has never answered. */
  source: 'live' | 'lastGood' | 'none';
  /** Why it is not live, or whom the rota names besides, with what to do. One sentence. */
  problem?: string;
}

/** The rotas to ask, each with what is known of it or null. */
export type RotasToAsk = Record<string, Pick<OnCallFound, 'people' | 'asOf'> | null>;

/** What became of messages, and whom the rotas among their recipients gave. */
export interface Told {
  deliveries: Delivery[];
  onCall: OnCallFound[];
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
