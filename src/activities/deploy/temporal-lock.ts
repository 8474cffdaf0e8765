import { Context } from '@temporalio/activity';
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import {
  lockMessages,
  lockWorkflowIdOf,
  lockWorkflowType,
  type Release,
  taskQueue,
} from '../../process/contract.ts';
import { freeLock, type LockRequest, type Standing } from '../../process/lock.ts';
import { sleep } from '../clock.ts';
import { messageOf, transient } from '../failures.ts';
import type { DeployLock } from './lock.ts';

/** How often a step that waits asks how it stands, in milliseconds. */
const lookEvery = 1_000;

/** The lock that is a workflow, reached by the worker's own client. */
export const temporalLock: DeployLock = {
  async acquire(request, signal) {
    const context = Context.current();
    for (let standing = await ask(context.client, request); ; ) {
      signal.throwIfAborted();
      if (standing.place === 'granted') return null;
      if (standing.place === 'overtaken') return standing.by;
      // What an earlier attempt has told must not be lost by this one's beats.
      context.heartbeat(context.info.heartbeatDetails);
      await sleep(lookEvery, signal);
      // A lock that does not know the step any more was started anew.
      standing = (await look(context.client, request)) ?? (await ask(context.client, request));
    }
  },

  async release(request, changed) {
    const release: Release = { key: request.key, changed };
    try {
      await handleOf(Context.current().client, request).signal(lockMessages.release, release);
    } catch (error) {
      // A lock that is not there is free.
      if (!(error instanceof WorkflowNotFoundError)) throw unanswered(error);
    }
  },
};

const handleOf = (client: Client, { service, environment }: LockRequest) =>
  client.workflow.getHandle(lockWorkflowIdOf(service, environment));

/** Takes a place in the queue, of a lock that is started where there is none. */
async function ask(client: Client, request: LockRequest): Promise<Standing> {
  const { service, environment } = request;
  const startWorkflowOperation = new WithStartWorkflowOperation(lockWorkflowType, {
    workflowId: lockWorkflowIdOf(service, environment),
    taskQueue: Context.current().info.taskQueue ?? taskQueue,
    args: [freeLock(request)],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `Deploys to ${environment} of ${service}, one at a time`,
  });
  try {
    return await client.workflow.executeUpdateWithStart<Workflow, Standing, [LockRequest]>(
      lockMessages.acquire,
      { args: [request], startWorkflowOperation },
    );
  } catch (error) {
    throw error instanceof WorkflowUpdateFailedError ? error : unanswered(error);
  }
}

async function look(client: Client, request: LockRequest): Promise<Standing | null> {
  try {
    return await handleOf(client, request).query<Standing | null, [string]>(
      lockMessages.standing,
      request.key,
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw unanswered(error);
  }
}

const unanswered = (error: unknown) =>
  transient('Unreachable', `The lock of the deploys does not answer: ${messageOf(error)}.`);
