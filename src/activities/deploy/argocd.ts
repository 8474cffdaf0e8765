import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { LiveVersion } from '../../process/outcomes.ts';
import type { AdapterDeps } from '../deps.ts';
import { permanent, transient } from '../failures.ts';
import { assertOneSource, checkAccess } from './argocd/access.ts';
import { createArgoCdApi } from './argocd/api.ts';
import {
  type Application,
  describeLive,
  initiatorOf,
  isAutomated,
  lastOperationOf,
  liveOf,
  type Operation,
  to,
  versionOf,
} from './argocd/application.ts';
import type { ArgoCdConfig } from './argocd/config.ts';
import { createFollower } from './argocd/follow.ts';
import { beforeOf, infosOf, isRollbackTo, isSyncOf } from './argocd/operations.ts';
import { assertManual, beforeRollback, findRollback, targetOf } from './argocd/rollback.ts';
import type { DeployAdapter, DeployRequest, Run } from './types.ts';

export { type ArgoCdConfig, argoCdConfigSchema } from './argocd/config.ts';

/**
 * Syncs an Argo CD Application to a revision and rolls it back to a history entry. Argo CD runs one
 * operation at a time and remembers the last: a sync carries the step's key in its `infos`, and a
 * rollback is told by what it does ({@link findRollback}).
 */
export function createArgoCdDeploy(config: ArgoCdConfig, deps: AdapterDeps): DeployAdapter {
  const api = createArgoCdApi(config, deps);
  const { application: name } = config;
  const { follow, terminated } = createFollower(config, deps, api);

  async function find(
    request: DeployRequest,
    signal: AbortSignal,
    again = false,
  ): Promise<Run | undefined> {
    const application = await api.application(signal);
    if (request.action === 'rollback') {
      const { username } = await api.user(signal);
      const operation = findRollback(application, request, username);
      const version = versionOf(operation?.sync ?? {});
      return operation && runOf(request, application, request.before, { username, version });
    }
    const last = lastOperationOf(application);
    if (last && isSyncOf(last, request.idempotencyKey)) {
      return runOf(request, application, beforeOf(last));
    }
    if (again) await assertNotReplaced(application, request, signal);
    return undefined;
  }

  /**
   * An operation that has taken the place of this step's hides its key. What is left of one that
   * succeeded is its history entry, in the name of this account, of a time after this step was asked for.
   */
  async function assertNotReplaced(
    application: Application,
    { ref }: DeployRequest,
    signal: AbortSignal,
  ): Promise<void> {
    const { scheduledTimestampMs } = Context.current().info;
    const since = application.status.history?.filter(
      ({ deployStartedAt }) => Date.parse(deployStartedAt ?? '') >= scheduledTimestampMs,
    );
    if (!since?.length) return;
    const { username } = await api.user(signal);
    if (!since.some(({ initiatedBy }) => initiatedBy?.username === username)) return;
    throw permanent(
      'OutcomeUnknown',
      `An earlier try of the deploy of ${ref} has synced ${name}, and another operation came after it. Live is ${describeLive(application)}. It is not synced again over that: check it, then deploy as a new attempt.`,
    );
  }

  async function start(
    request: DeployRequest,
    signal: AbortSignal,
    before?: LiveVersion,
  ): Promise<Run> {
    return request.action === 'rollback'
      ? await startRollback(request, signal)
      : await startSync(request, signal, before);
  }

  async function startSync(
    request: DeployRequest,
    signal: AbortSignal,
    before: LiveVersion | undefined,
  ): Promise<Run> {
    const application = await api.application(signal);
    const revision = config.revision.replaceAll('{ref}', request.ref);
    assertOneSource(config, application);
    const { spec } = application;
    const position = config.sourcePosition;
    const source = position ? spec.sources?.[position - 1] : spec.source;
    if (isAutomated(application) && source?.targetRevision !== revision) {
      assertManual(application, name, `sync it to ${revision}`);
    }
    const what = position ? { sourcePositions: [position], revisions: [revision] } : { revision };
    const begun = await begin(
      () => api.sync({ ...what, infos: infosOf(request, before) }, signal),
      (operation) => isSyncOf(operation, request.idempotencyKey),
      signal,
    );
    return runOf(request, begun, before);
  }

  async function startRollback(request: DeployRequest, signal: AbortSignal): Promise<Run> {
    let application = await api.application(signal);
    const target = targetOf(application, request, name);
    const { operation } = application;
    // What is taken back need not be waited for.
    if (operation && request.undoes && isSyncOf(operation, request.undoes)) {
      application = await terminated((one) => isSyncOf(one, request.undoes ?? ''), signal);
    }
    const before = beforeRollback(application, request);
    const { username } = await api.user(signal);
    const version = versionOf(target);
    const begun = await begin(
      () => api.rollback(target.id, signal),
      (one) => isRollbackTo(one, version, username),
      signal,
    );
    return runOf(request, begun, before, { username, version });
  }

  /** Where an operation is in the way it may be this step's, from a request that was taken for lost. */
  async function begin(
    send: () => Promise<Application>,
    isOurs: (operation: Operation) => boolean,
    signal: AbortSignal,
  ): Promise<Application> {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof ApplicationFailure) || error.type !== 'Busy') throw error;
      const application = await api.application(signal);
      const { operation } = application;
      if (!operation) throw error;
      if (isOurs(operation)) return application;
      throw transient(
        'Busy',
        `${name} is busy in Argo CD with the operation of ${initiatorOf(operation)}${to(operation)}, and it takes one at a time: this is tried again until that is over, or somebody terminates it there.`,
        config.interval,
      );
    }
  }

  function runOf(
    request: DeployRequest,
    { status }: Application,
    before: LiveVersion | undefined,
    memory?: Run['memory'],
  ): Run {
    return {
      id: request.idempotencyKey,
      startedAt: status.operationState?.startedAt ?? deps.now().toISOString(),
      url: pageOf(config),
      ...(memory && { memory }),
      ...(before && { before }),
    };
  }

  return {
    name: 'argocd',
    live: async (_request, signal) => liveOf(await api.application(signal)),
    check: (_target, signal) => checkAccess(config, api, signal),
    find,
    start,
    follow,
  };
}

/** The Application in Argo CD's own pages. */
function pageOf({ url, appNamespace, application }: ArgoCdConfig): string {
  const path = [appNamespace, application].filter((part) => part !== undefined).join('/');
  return `${url.replace(/\/+$/, '')}/applications/${path}`;
}
