import type { WorkflowExecutionDescription } from '@temporalio/client';
import { LRUCache } from 'lru-cache';

/** So many answers are kept: a timeline may have a megabyte. */
const most = 200;

/**
 * What incidents answered last. An incident changes by its history alone, so while that has not grown
 * and no task of it waits, its answer stands, and a worker need not replay it for each who looks.
 */
export class Answers {
  private readonly known = new LRUCache<string, { asOf: string; answer: object }>({ max: most });

  /** The answer as of the description: the one that is known, or else a new one. */
  async asOf<T extends object>(
    description: WorkflowExecutionDescription,
    question: unknown[],
    ask: () => Promise<T>,
  ): Promise<T> {
    const asOf = standOf(description);
    if (asOf === null) return ask();
    const key = JSON.stringify([description.workflowId, ...question]);
    const known = this.known.get(key);
    if (known?.asOf === asOf) return known.answer as T;
    const answer = await ask();
    this.known.set(key, { asOf, answer });
    return answer;
  }
}

/** How far its history is; null where something may be on its way into it. */
function standOf({ raw, runId, historyLength, status }: WorkflowExecutionDescription) {
  const isSettled = status.name === 'RUNNING' && !raw.pendingWorkflowTask;
  return isSettled ? `${runId} ${historyLength}` : null;
}
