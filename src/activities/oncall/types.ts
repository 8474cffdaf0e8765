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
  /** What of the rota cannot be read, though it does not matter now. */
  problems?: string[];
}

/** A rota that knows of other moments than now, too. */
export interface PlannedRota extends Rota {
  /** For any number of moments; what is one document is fetched and read once for all of them. */
  lookAhead(signal: AbortSignal): Promise<Look>;
}

/** Who is on call at that moment. Throws as the rota does. */
export type Look = (at: Date) => Promise<OnCallAnswer>;

/** Where it is kept who is on call. */
export interface Rota {
  /** As the configuration calls it. */
  readonly name: string;
  /**
   * Who is on call at that moment, which is now. Throws an ApplicationFailure, retryable where a retry may succeed.
   */
  onCall(at: Date, signal: AbortSignal): Promise<OnCallAnswer>;
}
