import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { spell } from '../../process/duration.ts';
import type { Clock } from '../clock.ts';
import { isTransient, permanent } from '../failures.ts';
import { endOf } from './run-directory.ts';
import type { DeployRequest, Finished, Following, Run } from './types.ts';

const longestOutput = 8 * 1024;
const longestProgress = 1024;

/** What one look at a run shows. */
export interface Look {
  finished?: Finished | undefined;
  /** How far it is, for people. */
  progress: string;
}

export interface Polling {
  run: Run;
  request: DeployRequest;
  /** One look; what may be gone at the next one is thrown as a transient failure. */
  look: () => Promise<Look>;
  /** Who carries it out, as the beginning of a sentence: `The deploy system`. */
  whom: string;
  /** Where people see how it ends. */
  place: string;
  /** From one look to the next, and from the start of the run to its end, in milliseconds. */
  interval: number;
  timeout: number;
  /** Brings about what is to become of the run where the step is stopped, and says it in a sentence. */
  stopped: () => string | Promise<string>;
}

/**
 * Looks at a run until it is finished, and tells what each look shows. What may pass is progress to
 * tell, not a failure, and is waited for as long as it asks.
 * Throws `TimedOut` when the run takes too long; it may go on. Throws CancelledFailure when the step was
 * to be stopped, with what became of the run.
 */
export async function untilFinished(
  polling: Polling,
  following: Following,
  clock: Clock,
): Promise<Finished> {
  try {
    return await poll(polling, following, clock);
  } catch (error) {
    if (!following.stopRequested() || error instanceof ApplicationFailure) throw error;
    throw new CancelledFailure(await polling.stopped());
  }
}

async function poll(
  polling: Polling,
  { report, signal }: Following,
  clock: Clock,
): Promise<Finished> {
  const { run, look, interval, timeout } = polling;
  const deadline = Date.parse(run.startedAt) + timeout;
  for (;;) {
    const { finished, progress, wait } = await lookPatiently(look);
    if (finished) return { ...finished, output: endOf(finished.output, longestOutput) };
    report(endOf(progress, longestProgress));
    if (clock.now().getTime() >= deadline) throw tooLong(polling, progress);
    await clock.sleep(Math.max(wait, interval), signal);
  }
}

async function lookPatiently(look: Polling['look']): Promise<Look & { wait: number }> {
  try {
    return { ...(await look()), wait: 0 };
  } catch (error) {
    if (!isTransient(error)) throw error;
    return { progress: error.message, wait: Number(error.nextRetryDelay ?? 0) };
  }
}

const tooLong = ({ request, whom, place, timeout }: Polling, progress: string) =>
  permanent(
    'TimedOut',
    `${whom} has not finished the ${request.action} of ${request.ref} within ${spell(timeout)} (last: ${progress.replaceAll('\n', '; ')}). It may still go on: see ${place}.`,
  );
