import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { spell } from '../../../process/duration.ts';
import type { AdapterDeps } from '../../deps.ts';
import { isTransient, messageOf, permanent } from '../../failures.ts';
import { endOf } from '../run-directory.ts';
import type { DeployRequest, Finished, Following, Run } from '../types.ts';
import type { ArgoCdApi } from './api.ts';
import type { Application, Operation } from './application.ts';
import type { ArgoCdConfig } from './config.ts';
import { isRollbackTo, isSyncOf } from './operations.ts';
import { type Followed, outputOf, type Verdict, verdictOf } from './verdict.ts';

/** What is Degraded or Missing for so long is not merely on its way. */
const patience = 60_000;
/** How long an operation gets to end after it was terminated. */
const stopWithin = 30_000;
const longestOutput = 8 * 1024;

/** Follows an operation to its end, and brings that about where it is to be stopped. */
export function createFollower(config: ArgoCdConfig, deps: AdapterDeps, api: ArgoCdApi) {
  const { application: name, interval } = config;

  async function follow(run: Run, request: DeployRequest, following: Following): Promise<Finished> {
    const followed = followedOf(run, request);
    try {
      return await untilOver(run, followed, following);
    } catch (error) {
      if (!following.stopRequested() || error instanceof ApplicationFailure) throw error;
      throw new CancelledFailure(await stopped(followed));
    }
  }

  function followedOf({ id, memory, before }: Run, { action, ref }: DeployRequest): Followed {
    const isOurs = (operation: Operation) =>
      action === 'deploy'
        ? isSyncOf(operation, id)
        : isRollbackTo(operation, memory?.version ?? '', memory?.username ?? '');
    const wasSuspended = before?.restore.health === 'Suspended';
    return { what: `The ${action} of ${ref}`, isOurs, wasSuspended };
  }

  async function untilOver(
    run: Run,
    followed: Followed,
    { report, signal }: Following,
  ): Promise<Finished> {
    const deadline = Date.parse(run.startedAt) + config.timeout;
    let ailingSince: number | undefined;
    let shown = '';
    for (;;) {
      const { finished, progress, state, wait } = await look(followed, signal);
      if (finished) return finished;
      const now = deps.now().getTime();
      if (state === 'ailing') ailingSince ??= now;
      if (state === 'going') ailingSince = undefined;
      if (ailingSince !== undefined && now - ailingSince >= patience) {
        return finish('failed', `${followed.what} has not made ${name} healthy. ${progress}`);
      }
      if (progress !== shown) report(progress);
      shown = progress;
      if (now >= deadline) throw tooLong(run, followed, progress);
      await deps.sleep(Math.max(wait, interval), signal);
    }
  }

  /** One look. What may be gone at the next one is progress to tell, not a failure. */
  async function look(followed: Followed, signal: AbortSignal): Promise<Look> {
    try {
      const application = await api.application(signal);
      const verdict = verdictOf(application, followed);
      if (verdict.state !== 'over') return { ...verdict, wait: 0 };
      const finished = finish(verdict.outcome, verdict.summary, application);
      return { finished, progress: verdict.summary, wait: 0 };
    } catch (error) {
      if (!isTransient(error)) throw error;
      return { progress: error.message, wait: Number(error.nextRetryDelay ?? 0) };
    }
  }

  function finish(
    outcome: Finished['outcome'],
    summary: string,
    application?: Application,
  ): Finished {
    const output = application ? endOf(outputOf(application), longestOutput) : '';
    return { outcome, summary, output, finishedAt: deps.now().toISOString() };
  }

  const tooLong = (run: Run, { what }: Followed, progress: string) =>
    permanent(
      'TimedOut',
      `${what} was not done in Argo CD within ${spell(config.timeout)} (last: ${progress}). It may still go on: see ${run.url}.`,
    );

  /** Stops it, as far as there is something to stop, and says what became of it. */
  async function stopped(followed: Followed): Promise<string> {
    const { what, isOurs } = followed;
    try {
      const application = await terminated(isOurs, new AbortController().signal);
      const { operation, status } = application;
      if (operation && isOurs(operation)) {
        return `${what} was asked to terminate and has not yet: see ${name} in Argo CD.`;
      }
      const succeeded = status.operationState?.phase === 'Succeeded';
      return succeeded
        ? `${what} had synced ${name} already when it was cancelled, and is no longer followed: check what is live.`
        : `${what} was terminated on request: what was applied by then stays, so check what is live in ${name}.`;
    } catch (error) {
      return `${what} could not be stopped (${messageOf(error)}): terminate it in Argo CD.`;
    }
  }

  /**
   * Terminates an operation and waits for its end, for half a minute at most. An operation that Argo CD
   * has not begun yet cannot be terminated, so it is told again.
   */
  async function terminated(
    isOurs: (operation: Operation) => boolean,
    signal: AbortSignal,
  ): Promise<Application> {
    const deadline = deps.now().getTime() + stopWithin;
    for (;;) {
      const application = await api.application(signal);
      const { operation, status } = application;
      if (!operation || !isOurs(operation) || deps.now().getTime() >= deadline) return application;
      if (status.operationState?.phase === 'Running') await terminate(signal);
      await deps.sleep(interval, signal);
    }
  }

  /** It may have ended by itself since it was looked at. */
  async function terminate(signal: AbortSignal): Promise<void> {
    try {
      await api.terminate(signal);
    } catch (error) {
      if (!(error instanceof ApplicationFailure) || error.type !== 'Refused') throw error;
    }
  }

  return { follow, terminated };
}

interface Look {
  finished?: Finished;
  progress: string;
  /** Absent where it could not be seen. */
  state?: Exclude<Verdict['state'], 'over'>;
  wait: number;
}
