import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { spell } from '../../process/duration.ts';
import type { Clock } from '../clock.ts';
import { isTransient, permanent, transient } from '../failures.ts';
import { endOf } from './run-directory.ts';
import type { DeployRequest, Finished, Following } from './types.ts';

const longestOutput = 8 * 1024;
const longestProgress = 1024;
/** How long a run may answer nothing but refusals: a credential is renewed, a proxy comes back. */
const patience = 5 * 60_000;

/** What one look at a run shows. */
export interface Look {
  finished?: Finished | undefined;
  /** How far it is, for people. */
  progress: string;
}

export interface Polling {
  request: DeployRequest;
  /** One look. Whatever failure it throws says nothing of the run, which goes on meanwhile. */
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
 * Looks at a run until it is finished, and tells what each look shows. A look that fails is progress to
 * tell, not the end of the run: what may pass is waited for as long as it asks, and a refusal for five
 * minutes. One that was to be stopped and goes on is followed all the same: nobody else may deploy
 * meanwhile, and what it brought about is to be known. Throws `OutcomeUnknown` when it is refused for
 * longer, and `TimedOut` when the run takes too long; it may go on. Throws CancelledFailure when the step was
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
  let refusedSince: number | undefined;
  for (;;) {
    const { finished, progress, wait, isRefused } = await lookPatiently(() => look(signal));
    if (finished) return { ...finished, output: endOf(finished.output, longestOutput) };
    report(endOf(progress, longestProgress));
    const now = elapsed();
    refusedSince = isRefused ? (refusedSince ?? now) : undefined;
    if (refusedSince !== undefined && now - refusedSince >= patience) {
      throw unknownOutcome(polling, progress);
    }
    if (now >= timeout) throw tooLong(polling, progress);
    await clock.sleep(Math.max(wait, interval), signal);
  }
}

type Patient = Look & { wait: number; isRefused: boolean };

async function lookPatiently(look: () => Promise<Look>): Promise<Patient> {
  try {
    return { ...(await look()), wait: 0, isRefused: false };
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    const { message: progress, nextRetryDelay } = error;
    return { progress, wait: Number(nextRetryDelay ?? 0), isRefused: !isTransient(error) };
  }
}

const unknownOutcome = ({ request, whom, place }: Polling, progress: string) =>
  permanent(
    'OutcomeUnknown',
    `${whom} has begun the ${request.action} of ${request.ref}, and for ${spell(patience)} it could not be asked how it ends: ${progress.replaceAll('\n', '; ')} The outcome is not known, and it may still go on: look there, at ${place}, and check what is live in ${request.environment} of ${request.service} before you go on.`,
  );

const tooLong = ({ request, whom, place, timeout }: Polling, progress: string) =>
  permanent(
    'TimedOut',
    `${whom} has not finished the ${request.action} of ${request.ref} within ${spell(timeout)} (last: ${progress.replaceAll('\n', '; ')}). It may still go on: see ${place}.`,
  );
