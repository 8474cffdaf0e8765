import { isNoAnswer, isUnreachable } from '../problems.ts';

/** So long a write that failed is held against Temporal, in milliseconds. */
const memory = 60_000;

/**
 * Whether Temporal takes what it is to keep. With a database that is full or read-only it still answers
 * every question, so only a write can tell; each real one does, and a failure is forgotten after a
 * minute, since whoever is kept away from this API cannot try again.
 */
export class Writes {
  private failedAt: number | null = null;

  get areFailing(): boolean {
    return this.failedAt !== null && Date.now() - this.failedAt < memory;
  }

  async watch<T>(write: () => Promise<T>): Promise<T> {
    try {
      const answer = await write();
      this.failedAt = null;
      return answer;
    } catch (error) {
      if (isNoAnswer(error) || isUnreachable(error)) this.failedAt = Date.now();
      throw error;
    }
  }
}
