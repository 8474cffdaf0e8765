import { queries, type VerdictAnswer, type VerdictsAnswer } from '../../process/contract.ts';

type Ask = (id: string, query: string, requestIds: string[]) => Promise<VerdictsAnswer>;

/** Those who are answered by one question. */
interface Round {
  requestIds: string[];
  answer: Promise<VerdictsAnswer>;
}

/**
 * Asks for verdicts, of one incident one question at a time: whoever asks meanwhile is answered by the
 * next, all of them at once. A question for each would have the worker replay the incident as often, and
 * in a flood nobody would be answered in time.
 */
export class Verdicts {
  private readonly lines = new Map<string, { last: Promise<unknown>; next: Round | null }>();
  private readonly ask: Ask;

  constructor(ask: Ask) {
    this.ask = ask;
  }

  async on(id: string, requestId: string): Promise<VerdictAnswer> {
    const { requestIds, answer } = this.nextRound(id);
    const place = requestIds.push(requestId) - 1;
    const { verdicts, ...known } = await answer;
    return { verdict: verdicts[place] ?? null, ...known };
  }

  private nextRound(id: string): Round {
    const line = this.lines.get(id) ?? { last: Promise.resolve(), next: null };
    if (line.next) return line.next;
    const requestIds: string[] = [];
    const answer = line.last.then(() => {
      line.next = null;
      return this.ask(id, queries.verdicts, requestIds);
    });
    line.next = { requestIds, answer };
    line.last = answer
      .catch(() => {})
      .then(() => {
        if (!line.next) this.lines.delete(id);
      });
    this.lines.set(id, line);
    return line.next;
  }
}
