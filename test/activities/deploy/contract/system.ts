import type { FailureType } from '../../../../src/activities/failures.ts';
import type { ProxiedRequest } from './proxy.ts';

/** An adapter's configuration as in hotfix.yaml; every adapter has the key `timeout`. */
export type AdapterConfig = Record<string, unknown> & { adapter: string };

/** What is changed so that the system does not do what it is asked. */
export interface Change {
  /** Over the configuration. */
  config?: Record<string, unknown>;
  /** Over the environment variables. */
  env?: Record<string, string>;
  /** What is deployed instead. */
  ref?: string;
  /** What the message must say: what is wrong and what to do about it. */
  says: RegExp;
}

/** What only the system itself can do to a deploy; each changes the system, or says what to change. */
export interface Troubles {
  /** A credential that it does not know. */
  wrongCredential(): Promise<Change>;
  /** A credential that it knows and that may not deploy. */
  missingPermission(): Promise<Change>;
  /** A target that is not there. */
  targetNotFound(): Promise<Change>;
  /** Something that it refuses to begin, though caller and target are right. */
  refused(): Promise<Change>;
}

export const troubleTypes = {
  wrongCredential: 'Unauthorized',
  missingPermission: 'Forbidden',
  targetNotFound: 'NotFound',
  refused: 'Refused',
} as const satisfies Record<keyof Troubles, FailureType>;

/** What not every deploy system can do. */
interface Abilities extends Troubles {
  /** Where it listens; the suite speaks to it through a proxy of its own. */
  url: string;
  /** Whether a request is the one that begins a run. */
  begins(request: ProxiedRequest): boolean;
  /** What is live, in any words that are equal exactly where the same is live. */
  live(): Promise<string>;
  /** Makes nothing be live, so that there is nothing to go back to. */
  forget(): Promise<void>;
  /** Changes by hand what is live, as people do; resolves with words that people know it by. */
  changeByHand(): Promise<string>;
  /** Whether the run of the key was stopped before its end. */
  stopped(idempotencyKey: string): Promise<boolean>;
  /** Stops the run that hangs, as somebody else would; resolves with what the result must say. */
  stopElsewhere(idempotencyKey: string): Promise<RegExp>;
}

export type Ability = keyof Abilities | 'check' | 'before' | 'find';

/**
 * One deploy system in the hands of the suite, fresh for each test: something is live already that is
 * none of the two refs, nothing runs, and a run succeeds by itself unless it is told to hang.
 */
export interface DeploySystem extends Partial<Abilities> {
  /** Of a system at this url: the suite's proxy before it, or nothing at all. */
  config(url: string): AdapterConfig;
  /** The environment variables that the configuration names, with what is right. */
  env: Record<string, string>;
  /** Two versions that can be deployed. */
  refs: readonly [string, string];
  /** How many runs it has begun for the key, whatever became of them. */
  begun(idempotencyKey: string): Promise<number>;
  /** Makes the runs that begin from now on hang. */
  hang(): Promise<void>;
  /** Lets the run of the key end, and those that begin from now on succeed. */
  end(idempotencyKey: string, outcome: 'succeeded' | 'failed'): Promise<void>;
  /** Leaves nothing behind. */
  close(): Promise<void>;
}

export interface DeployContract {
  /** The adapter's name. */
  adapter: string;
  make: () => Promise<DeploySystem>;
  /**
   * What the system or its adapter cannot do, and why: the tests of it are skipped with these words.
   * The suite holds each entry against what is there. `check`, `before` and `find` are the
   * adapter's: a preflight, knowing what was live, and finding the run of an earlier attempt.
   */
  lacks?: Partial<Record<Ability, string>>;
}
