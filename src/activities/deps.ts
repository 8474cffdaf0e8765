import type { Clock } from './clock.ts';

/** What the adapters' factories are given by the composition root. */
export interface AdapterDeps extends Clock {
  /**
   * The value of an environment variable that the configuration names; throws a sentence that says
   * which one is missing. Called when an adapter is made, so that it is missed at start.
   */
  secret: (name: string) => string;
  /** The service's own environment, of which programs inherit a few names. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Where runs are kept; shared by all workers that deploy the same services by `command`. */
  dataDirectory: string;
}
