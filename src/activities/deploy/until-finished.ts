import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { spell } from '../../process/duration.ts';
import type { Clock } from '../clock.ts';
import { isTransient, permanent, transient } from '../failures.ts';
import { endOf } from './run-directory.ts';
import type { DeployRequest, Finished, Following } from './types.ts';

const longestOutput = 8 * 1024;
const longestProgress = 1024;

/** What one look at a run shows. */
export interface Look {
  finished?: Finished | undefined;
  /** How far it is, for people. */
  progress: string;
}

export interface Polling {
  request: DeployRequest;
  /** One look; what may be gone at the next one is thrown as a transient failure. */
  look: (signal: AbortSignal) => Promise<Look>;
  /** Who carries it out, as the beginning of a sentence: `The deploy system`. */
  whom: string;
  /** Where people see how it ends. */
  place: string;
  /** From one look to the next, and for the whole run, in milliseconds. */
  interval: number;
  timeout: number;
  /** Stops the run, as far as that can be done, where the step is to be stopped. */
  stop: () => Stopped | Promise<Stopped>;
}

/** What became of a run that was to be stopped. */
export interface Stopped {
  /** Whether it is certain that it does not go on. */
  isOver: boolean;
  /** For people, as sentences. */
  said: string;
}

/**
 * Looks at a run until it is finished, and tells what each look shows. What may pass is progress to
 * tell, not a failure, and is waited for as long as it asks. One that was to be stopped and goes on is
 * followed all the same: nobody else may deploy meanwhile, and what it brought about is to be known.
 * Throws `TimedOut` when the run takes too long; it may go on. Throws CancelledFailure when the step was
 * to be stopped, with what became of the run; `Interrupted` when the worker goes away after that.
 */
export async function untilFinished(
  polling: Polling,
  following: Following,
  clock: Pick<Clock, 'sleep'>,
): Promise<Finished> {
  try {
    return await poll(polling, following, clock);
  } catch (error) {
    if (!following.stopRequested() || error instanceof ApplicationFailure) throw error;
    const { isOver, said } = await polling.stop();
    if (isOver) throw new CancelledFailure(said);
    return await untilOver(said, polling, following, clock);
  }
}

async function untilOver(
  said: string,
  polling: Polling,
  following: Following,
  clock: Pick<Clock, 'sleep'>,
): Promise<Finished> {
  const { leaving: signal } = following;
  try {
    const finished = await poll(polling, { ...following, signal }, clock);
    return { ...finished, summary: `${finished.summary} It was to be stopped before: ${said}` };
  } catch (error) {
    if (!signal.aborted || error instanceof ApplicationFailure) throw error;
    throw transient('Interrupted', `${said} It is no longer followed: see ${polling.place}.`);
  }
}

async function poll(
  polling: Polling,
  { report, signal, elapsed }: Following,
  clock: Pick<Clock, 'sleep'>,
): Promise<Finished> {
  const { look, interval, timeout } = polling;
  for (;;) {
    const { finished, progress, wait } = await lookPatiently(() => look(signal));
    if (finished) return { ...finished, output: endOf(finished.output, longestOutput) };
    report(endOf(progress, longestProgress));
    if (elapsed() >= timeout) throw tooLong(polling, progress);
    await clock.sleep(Math.max(wait, interval), signal);
  }
}

async function lookPatiently(look: () => Promise<Look>): Promise<Look & { wait: number }> {
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
