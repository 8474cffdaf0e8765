import type { WorkflowExecutionDescription } from '@temporalio/client';
import { LRUCache } from 'lru-cache';

/** So many answers are kept: a timeline may have a megabyte. */
const most = 200;

/** How often an incident that changes all the while is asked before its answer is taken as it is. */
const mostTries = 3;

interface Asking<T> {
  ask: () => Promise<T>;
  describe: () => Promise<WorkflowExecutionDescription>;
}

/**
 * What incidents answered last. An incident changes by its history alone, so while that has not grown
 * and no task of it waits, its answer stands, and a worker need not replay it for each who looks.
 *
 * An answer counts only if that held from before it was asked for until after it was there. Otherwise
 * the worker may have read events that no task has taken yet, at the time of the task before, and what
 * it answers is not what goes on record (decision 14).
 */
export class Answers {
  private readonly known = new LRUCache<string, { asOf: string; answer: object }>({ max: most });

  /** The answer as of the description: the one that is known, or else a new one. */
  async asOf<T extends object>(
    description: WorkflowExecutionDescription,
    question: unknown[],
    { ask, describe }: Asking<T>,
  ): Promise<T> {
    const key = JSON.stringify([description.workflowId, ...question]);
    let before = standOf(description);
    for (let tries = 1; ; tries += 1) {
      const known = this.known.get(key);
      if (before !== null && known?.asOf === before) return known.answer as T;
      const answer = await ask();
      const after = standOf(await describe());
      if (after !== null && after === before) {
        this.known.set(key, { asOf: after, answer });
        return answer;
      }
      if (tries === mostTries) return answer;
      before = after;
    }
  }
}

/** How far its history is; null where a task waits that will change it. */
const standOf = ({ raw, runId, historyLength }: WorkflowExecutionDescription): string | null =>
  raw.pendingWorkflowTask ? null : `${runId} ${historyLength}`;
