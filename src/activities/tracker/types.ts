import type { FiledFollowUp, FollowUpTask } from '../../process/outcomes.ts';

/** Where follow-up work is kept. */
export interface Tracker {
  readonly name: string;
  /**
   * Files the task, or finds it where it was filed before: the same `key` gives the same task.
   * Throws an ApplicationFailure, retryable where a retry may succeed.
   */
  file(task: FollowUpTask, signal: AbortSignal): Promise<FiledFollowUp>;
}
