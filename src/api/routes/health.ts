import proto from '@temporalio/proto';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { taskQueue } from '../../process/contract.ts';
import { type GatewayDeps, inTime } from '../gateway/deps.ts';
import { described } from '../schemas.ts';

const { TASK_QUEUE_TYPE_WORKFLOW } = proto.temporal.api.enums.v1.TaskQueueType;

/** A worker asks for work at least this often, in milliseconds. */
const lively = 70_000;

const state = z.enum(['up', 'down']);

export const healthRoutes: FastifyPluginAsyncZod<{ gateway: GatewayDeps }> = async (
  app,
  { gateway },
) => {
  const config = { isPublic: true };

  app.get(
    '/healthz',
    {
      config,
      schema: {
        summary: 'Whether the process lives',
        tags: ['operations'],
        security: [],
        response: { 200: described('It lives', z.object({ api: z.literal('up') })) },
      },
    },
    async () => ({ api: 'up' as const }),
  );

  const readiness = z.object({ temporal: state, worker: state, detail: z.string() });
  app.get(
    '/readyz',
    {
      config,
      schema: {
        summary: 'Whether Temporal and a worker are there',
        tags: ['operations'],
        security: [],
        response: {
          200: described('Both are there', readiness),
          503: described('One is missing; `detail` says which and what to do', readiness),
        },
      },
    },
    async (_, reply) => {
      const isTemporalUp = await temporalAnswers(gateway);
      const isWorkerUp = isTemporalUp && (await workerPolls(gateway));
      return reply.code(isWorkerUp ? 200 : 503).send({
        temporal: isTemporalUp ? 'up' : 'down',
        worker: isWorkerUp ? 'up' : 'down',
        detail: detailOf(isTemporalUp, isWorkerUp),
      });
    },
  );
};

function detailOf(isTemporalUp: boolean, isWorkerUp: boolean): string {
  if (!isTemporalUp)
    return 'Temporal does not answer: nothing can be accepted. Check TEMPORAL_ADDRESS and the server.';
  return isWorkerUp
    ? 'Everything is there.'
    : 'No worker is there: signals are recorded and wait. Start a worker.';
}

async function temporalAnswers(gateway: GatewayDeps): Promise<boolean> {
  try {
    await inTime(gateway, () => gateway.client.workflowService.getSystemInfo({}));
    return true;
  } catch {
    return false;
  }
}

async function workerPolls(gateway: GatewayDeps): Promise<boolean> {
  const { client } = gateway;
  try {
    const { pollers } = await inTime(gateway, () =>
      client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: taskQueue },
        taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
      }),
    );
    return (pollers ?? []).some(
      ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > Date.now() - lively,
    );
  } catch {
    return false;
  }
}
