import { Context } from '@temporalio/activity';
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure, type Workflow } from '@temporalio/common';
import pRetry from 'p-retry';
import {
  lockMessages,
  lockWorkflowIdOf,
  lockWorkflowType,
  taskQueue,
} from '../../process/contract.ts';
import { freeLock, type LockRequest, type Release, type Standing } from '../../process/lock.ts';
import { sleep } from '../clock.ts';
import { isTransient, messageOf, transient } from '../failures.ts';
import type { DeployLock } from './lock.ts';

/** How often a step that waits asks how it stands, in milliseconds. */
const lookEvery = 1_000;

/** A lock that has no room for a message goes on in a new history, within seconds. */
const persistently = { retries: 6, minTimeout: 250, factor: 2 };

/** The lock that is a workflow, reached by the worker's own client. */
export const temporalLock: DeployLock = {
  async acquire(request, signal) {
    const { client } = Context.current();
    const standing = (how: () => Promise<Standing>) =>
      pRetry(how, {
        ...persistently,
        signal,
        shouldRetry: ({ error }) => isTransient(error),
      });
    for (let now = await standing(() => ask(client, request)); ; ) {
      signal.throwIfAborted();
      if (now.place !== 'waiting') return now;
      await sleep(lookEvery, signal);
      // A lock that does not know the step any more was started anew.
      now = await standing(
        async () => (await look(client, request)) ?? (await ask(client, request)),
      );
    }
  },

  release: (request, changed, outcome) =>
    tell(request, { key: request.key, changed, ...(outcome && { outcome }) }),
  giveUp: (request) => tell(request, { key: request.key, changed: true, givenUp: true }),
};

async function tell(request: LockRequest, release: Release): Promise<void> {
  const { client, log } = Context.current();
  try {
    await pRetry(() => handleOf(client, request).signal(lockMessages.release, release), {
      ...persistently,
      // A lock that is not there is free.
      shouldRetry: ({ error }) => !(error instanceof WorkflowNotFoundError),
    });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return;
    log.warn('The lock of the deploys does not answer; it looks itself whether the step is over', {
      error: messageOf(error),
    });
  }
}

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
    throw unanswered(error);
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

function unanswered(error: unknown): Error {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  if (cause instanceof ApplicationFailure && cause.type === 'BadRequest') return cause;
  const said = messageOf(cause ?? error);
  return transient('Unreachable', `The lock of the deploys does not answer: ${said}.`);
}
