import { patched } from '@temporalio/workflow';
import type { Watch } from '../process/escalation.ts';
import { now } from './run.ts';

/*
 * What a timer means is decided by the wait that it was set for, never by what the clock says when it
 * rings: a worker that takes over may see an earlier time than its replay will.
 */

/** From now until the wait is due, in milliseconds; at once where it is due already. */
export const waitOf = ({ nextAt }: Watch): number =>
  Math.max(1, Date.parse(nextAt) - Date.parse(now()));

/** Whether a wait has been set anew since, so that its timer means nothing any more. */
export function isSetAnew(set: Watch, standing: Watch | null): boolean {
  if (standing === set) return false;
  if (standing?.nextAt !== set.nextAt) return true;
  // The same time by chance, as at the opening of working hours: timers of before were kept then.
  return patched('timer-by-wait');
}
