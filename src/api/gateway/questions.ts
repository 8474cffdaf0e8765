/** Those who ask something of one incident. */
interface Line {
  last: Promise<unknown>;
  /** By what is asked: a question that is not put yet. */
  waiting: Map<string, Promise<unknown>>;
}

/**
 * Puts one question at a time to each incident; whoever waits to ask the same shares the answer. A worker
 * replays the incident for each, and of several that reach it at once the SDK may drop all but the first:
 * their callers would wait in vain.
 */
export class Questions {
  private readonly lines = new Map<string, Line>();

  ask<T>(id: string, what: string, question: () => Promise<T>): Promise<T> {
    const line = this.lines.get(id) ?? { last: Promise.resolve(), waiting: new Map() };
    this.lines.set(id, line);
    const shared = line.waiting.get(what);
    if (shared) return shared as Promise<T>;
    const answer = line.last.then(() => {
      line.waiting.delete(what);
      return question();
    });
    line.waiting.set(what, answer);
    const last = answer
      .catch(() => {})
      .then(() => {
        if (line.last === last) this.lines.delete(id);
      });
    line.last = last;
    return answer;
  }
}
