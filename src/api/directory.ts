import type { ServiceTerms } from '../process/events.ts';

/** Whom a token names. */
export interface Caller {
  kind: 'person' | 'tool';
  id: string;
}

/** What the API needs of the configuration: who may call, and on which terms a service's incidents begin. */
export interface Directory {
  /** No tokens are configured: everybody may call, from this machine. */
  readonly open: boolean;
  callerOf: (token: string) => Caller | null;
  /** `unknown` where the service is not configured and such services are refused. */
  termsOf: (service: string) => ServiceTerms | 'unknown';
}

/** The apps of Slack whose buttons send signals. */
export interface SlackApps {
  /** By which their requests are known. */
  signingSecrets: readonly string[];
  /** The person with this member id. */
  personOf: (memberId: string) => string | null;
}
