import type { Contacts } from '../notify/types.ts';

/** A person whom a calendar or a schedule may mean. */
export interface Person {
  id: string;
  name: string;
  contacts: Contacts;
}

/** Who is on call; both are empty where nobody is. */
export interface OnCallAnswer {
  /** Ids of people of the configuration, each once. */
  people: string[];
  /** Whoever else is on call, as the rota calls them. */
  strangers: string[];
}

/** Where it is kept who is on call. */
export interface Rota {
  /** As the configuration calls it. */
  readonly name: string;
  /**
   * Who is on call at that moment. Throws an ApplicationFailure, retryable where a retry may succeed.
   */
  onCall(at: Date, signal: AbortSignal): Promise<OnCallAnswer>;
}
