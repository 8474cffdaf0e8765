import type { DeployResult, Environment, LiveVersion } from '../../process/outcomes.ts';
import type { DeployStep } from '../types.ts';

export type DeployAction = 'deploy' | 'rollback';

export interface DeployRequest extends DeployStep {
  action: DeployAction;
}

/** Where deploys go, before there is one. */
export interface DeployTarget {
  service: string;
  environment: Environment;
}

export interface Access {
  /** One sentence for people: what was tried and found. */
  summary: string;
  /** What is live now, where the deploy system can tell. */
  live?: LiveVersion | undefined;
}

/**
 * Something that a deploy system has begun. It travels through heartbeats, so it is plain JSON and
 * holds all that a worker on another machine needs to go on.
 */
export interface Run {
  /** The deploy system's own name for it. */
  id: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  url?: string | undefined;
  /** What else the adapter must know to follow it, such as a status URL or what was live before. */
  memory?: Record<string, string> | undefined;
  /** What was live before it began. */
  before?: LiveVersion | undefined;
  /** Where it was over as soon as it had begun. */
  finished?: Finished | undefined;
}

export type Finished = Pick<DeployResult, 'summary' | 'output' | 'url' | 'finishedAt'> & {
  outcome: 'succeeded' | 'failed';
};

/** What a step that has ended brings back. */
export type Ended = DeployResult & Finished;

export interface Following {
  /** Shows people how far it is: a few lines, as often as there is news. */
  report: (progress: string) => void;
  /** Aborts when the run is to be stopped, and also when only this worker goes away. */
  signal: AbortSignal;
  /** Which of the two it is: true when the run itself is to be stopped. */
  stopRequested: () => boolean;
  /** Aborts when this worker goes away, also where `signal` has aborted before. */
  leaving: AbortSignal;
  /** Milliseconds for which the run has been followed, by this worker and those before it. */
  elapsed: () => number;
}

/**
 * One way to deploy and roll back. An adapter implements the parts; that a step starts once is seen
 * to by the one place that calls them. All throw ApplicationFailures.
 */
export interface DeployAdapter {
  /** As in the result and the configuration. */
  readonly name: string;
  /**
   * What is live now, so that a rollback can bring exactly that back. Absent where the deploy system
   * cannot tell, as with a program or a person: then its own rollback has to know.
   */
  live?(request: DeployRequest, signal: AbortSignal): Promise<LiveVersion | undefined>;
  /**
   * Tries access and target without changing anything: the credential is valid and has the right, the
   * target exists. Throws as `start` would; absent where nothing can be tried.
   */
  check?(target: DeployTarget, signal: AbortSignal): Promise<Access>;
  /**
   * What this step has already begun. `again` where an earlier attempt may have begun it a moment ago: a
   * system that shows its runs late is given time. Absent where the deploy system cannot tell.
   */
  find?(request: DeployRequest, signal: AbortSignal, again?: boolean): Promise<Run | undefined>;
  /**
   * Begins it; given the same `idempotencyKey` twice, at most one run executes. `before` is what
   * `live` told; an adapter that can keeps it with the run, so that `find` has it again.
   */
  start(request: DeployRequest, signal: AbortSignal, before?: LiveVersion): Promise<Run>;
  /**
   * Waits for its end. Asked to stop, it stops what can be stopped and throws a CancelledFailure
   * that says what became of the run; what cannot be stopped it follows to its end. When only the
   * worker goes away, it lets the run go on.
   */
  follow(run: Run, request: DeployRequest, following: Following): Promise<Finished>;
}
