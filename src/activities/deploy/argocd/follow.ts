import { ApplicationFailure } from '@temporalio/common';
import type { AdapterDeps } from '../../deps.ts';
import { messageOf } from '../../failures.ts';
import { quote } from '../../http.ts';
import { endOf } from '../run-directory.ts';
import type { DeployRequest, Finished, Following, Run } from '../types.ts';
import { type Look, type Stopped, untilFinished } from '../until-finished.ts';
import type { ArgoCdApi } from './api.ts';
import type { Application, Operation } from './application.ts';
import type { ArgoCdConfig } from './config.ts';
import { isRollbackTo, isSyncOf } from './operations.ts';
import { type Followed, outputOf, verdictOf } from './verdict.ts';

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
    const place = run.url ?? config.url;
    const look = lookerAt(followed);
    const polling = {
      request,
      look,
      whom: 'Argo CD',
      place,
      interval,
      timeout: config.timeout,
      stop: () => stop(followed),
    };
    return untilFinished(polling, following, deps);
  }

  function followedOf({ id, memory, before }: Run, { action, ref }: DeployRequest): Followed {
    const isOurs = (operation: Operation) =>
      action === 'deploy'
        ? isSyncOf(operation, id)
        : isRollbackTo(operation, memory?.version ?? '', memory?.username ?? '');
    const wasSuspended = before?.restore.health === 'Suspended';
    return { what: `The ${action} of ${ref}`, isOurs, wasSuspended };
  }

  /** Looks once for each call, and knows from one to the next since when it is ailing. */
  function lookerAt(followed: Followed): (signal: AbortSignal) => Promise<Look> {
    let ailingSince: number | undefined;
    return async (signal) => {
      const application = await api.application(signal);
      const verdict = verdictOf(application, followed);
      if (verdict.state === 'over') {
        const { outcome, summary } = verdict;
        return { finished: finish(outcome, summary, application), progress: summary };
      }
      const { progress } = verdict;
      const now = deps.monotonic();
      ailingSince = verdict.state === 'ailing' ? (ailingSince ?? now) : undefined;
      if (ailingSince === undefined || now - ailingSince < patience) return { progress };
      const summary = `${followed.what} has not made ${name} healthy. ${progress}`;
      return { finished: finish('failed', summary, application), progress };
    };
  }

  const finish = (
    outcome: Finished['outcome'],
    summary: string,
    application: Application,
  ): Finished => {
    const output = endOf(outputOf(application), longestOutput);
    return { outcome, summary, output, finishedAt: deps.now().toISOString() };
  };

  /** Stops it, as far as there is something to stop. What has been synced becomes healthy, or not. */
  async function stop(followed: Followed): Promise<Stopped> {
    const { what, isOurs } = followed;
    try {
      const application = await terminated(isOurs, new AbortController().signal);
      const { operation, status } = application;
      if (operation && isOurs(operation)) {
        const said = `${what} was asked to terminate and has not yet: see ${name} in Argo CD.`;
        return { isOver: false, said };
      }
      const { phase, message, operation: last } = status.operationState ?? {};
      if (!last || !isOurs(last)) {
        const said = `${what} is over, and another operation came after it: check what is live in ${name}.`;
        return { isOver: true, said };
      }
      if (phase === 'Succeeded') {
        return { isOver: false, said: `${what} had synced ${name} already when it was cancelled.` };
      }
      const said = `${what} was stopped on request (${phase}: ${quote(message ?? '')}): what was applied by then stays, so check what is live in ${name}.`;
      return { isOver: true, said };
    } catch (error) {
      const said = `${what} could not be stopped (${messageOf(error)}): terminate it in Argo CD.`;
      return { isOver: false, said };
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
    const deadline = deps.monotonic() + stopWithin;
    for (;;) {
      const application = await api.application(signal);
      const { operation, status } = application;
      if (!operation || !isOurs(operation) || deps.monotonic() >= deadline) return application;
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
