import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { GatewayDeps } from '../gateway/deps.ts';
import { type FreeSpace, type Readiness, readinessOf } from '../gateway/readiness.ts';
import { described } from '../schemas.ts';

export interface HealthRoutes {
  gateway: GatewayDeps;
  freeSpace: FreeSpace | undefined;
}

const state = z.enum(['up', 'down']);
const howMany = z.int().min(0).nullable();

const readiness = z.object({
  temporal: state,
  worker: state,
  writes: z.enum(['ok', 'failing']).describe('Whether Temporal has kept what it was last given'),
  disk: z
    .enum(['ok', 'full'])
    .nullable()
    .describe('Of the embedded Temporal; null where it is elsewhere'),
  incidents: z
    .object({ stuck: howMany, paused: howMany })
    .describe('How many do not go on; null where Temporal cannot tell'),
  detail: z.string(),
});

export const healthRoutes: FastifyPluginAsyncZod<HealthRoutes> = async (
  app,
  { gateway, freeSpace },
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

  app.get(
    '/readyz',
    {
      config,
      schema: {
        summary: 'Whether Temporal and a worker are there, and all incidents go on',
        tags: ['operations'],
        security: [],
        response: {
          200: described(
            'Calls can be served; `detail` says where single incidents do not go on',
            readiness,
          ),
          503: described('Something is missing; `detail` says what and what to do', readiness),
        },
      },
    },
    async (_, reply) => {
      const found = await readinessOf(gateway, freeSpace);
      const missing = missingIn(found);
      const sentences = [...missing, ...troublesIn(found)];
      const detail = sentences.length === 0 ? 'Everything is there.' : sentences.join(' ');
      return reply.code(missing.length === 0 ? 200 : 503).send({ ...found, detail });
    },
  );
};

/** What keeps calls from being served. */
function missingIn({ temporal, worker, writes, disk }: Readiness): string[] {
  if (temporal === 'down') {
    return [
      'Temporal does not answer: nothing can be accepted. Check TEMPORAL_ADDRESS and the server.',
      ...(disk === 'full' ? [diskFull] : []),
    ];
  }
  return [
    disk === 'full' && diskFull,
    writes === 'failing' &&
      disk !== 'full' &&
      'Temporal answers, but has not kept what it was last given: nothing can be relied on to be accepted. See whether its database is full or read-only.',
    worker === 'down' && 'No worker is there: signals are recorded and wait. Start a worker.',
  ].filter((sentence) => sentence !== false);
}

const diskFull =
  'The disk of HOTFIX_DATA is full: the embedded Temporal keeps nothing more. Make space there.';

/** What single incidents suffer from. It is no reason to keep callers away from all the others. */
function troublesIn({ incidents: { stuck, paused } }: Readiness): string[] {
  return [
    stuck &&
      `Incidents whose workflow cannot go on: ${stuck}. List them: temporal workflow list --query "TemporalReportedProblems IN ('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')"`,
    paused &&
      `Incidents paused in Temporal, of which nobody is told anything: ${paused}. List them: temporal workflow list --query "ExecutionStatus='Paused'"`,
  ].filter((sentence) => typeof sentence === 'string');
}
