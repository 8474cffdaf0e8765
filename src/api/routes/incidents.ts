import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { restore } from '../../process/decide.ts';
import { incidentRequestSchema, statuses } from '../../process/events.ts';
import { phases, roleIds } from '../../process/phases.ts';
import { postMortemOf, renderPostMortem } from '../../process/postMortem.ts';
import { idempotencyKeyOf, reporterOf } from '../callers.ts';
import type { Directory } from '../directory.ts';
import type { GatewayDeps } from '../gateway/deps.ts';
import { listIncidents } from '../gateway/list.ts';
import { readIncident, readTimeline } from '../gateway/read.ts';
import { type Started, startIncident } from '../gateway/start.ts';
import { isId } from '../ids.ts';
import { ApiProblem, incidentNotFound } from '../problems.ts';
import {
  callHeaders,
  described,
  eventSchema,
  incidentSchema,
  listSchema,
  postMortemSchema,
  problems,
} from '../schemas.ts';

export interface IncidentRoutes {
  gateway: GatewayDeps;
  directory: Directory;
  now: () => Date;
  onStarted: (isNew: boolean) => void;
}

export const idParams = z.object({ id: z.string().describe('The id of the incident') });

/** An id that cannot be one is not found, whatever it is. */
export function checkedId({ id }: { id: string }): string {
  if (isId(id)) return id;
  throw incidentNotFound(id);
}

export const incidentRoutes: FastifyPluginAsyncZod<IncidentRoutes> = async (app, options) => {
  const { gateway, directory, now, onStarted } = options;

  app.post(
    '/incidents',
    {
      schema: {
        summary: 'Start an incident',
        description:
          'Send an `Idempotency-Key`, a `dedupKey`, or both: the open incident that they name is answered with 200 instead of a second one.',
        tags: ['incidents'],
        headers: callHeaders,
        body: incidentRequestSchema,
        response: {
          200: described('The incident that the keys name already', incidentSchema),
          201: described('The new incident; `Location` says where it is', incidentSchema),
          ...problems(400, 401, 413, 415, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const terms = directory.termsOf(request.body.service);
      if (terms === 'unknown') throw unknownService(request.body.service);
      const started = await startIncident(gateway, {
        request: request.body,
        by: reporterOf(request, request.body.source),
        idempotencyKey: idempotencyKeyOf(request),
        terms,
        now: now().toISOString(),
      });
      onStarted(started.isNew);
      return started.isNew
        ? reply
            .code(201)
            .header('location', locationOf(started.incident.id))
            .send(answerOf(started))
        : reply
            .header('location', locationOf(started.id))
            .send(await readIncident(gateway, started.id));
    },
  );

  app.get(
    '/incidents',
    {
      schema: {
        summary: 'List incidents, newest first',
        description: 'As they were last known: read one incident to see it as it is now.',
        tags: ['incidents'],
        querystring: z.strictObject({
          status: z.enum(statuses).optional(),
          phase: z.enum(phases).optional(),
          service: incidentRequestSchema.shape.service.optional(),
          waitingFor: z.enum(roleIds).optional().describe('A role that is waited for'),
          limit: z.coerce.number().int().min(1).max(100).default(20),
          cursor: z.string().max(300).optional().describe('`next` of the page before'),
        }),
        response: { 200: described('One page', listSchema), ...problems(401, 422, 503) },
      },
    },
    async ({ query }) => listIncidents(gateway, query, now().getTime()),
  );

  app.get(
    '/incidents/:id',
    {
      schema: {
        summary: 'One incident as it is now',
        description: 'While no worker is alive: as it was last known, marked `stale`.',
        tags: ['incidents'],
        params: idParams,
        response: { 200: described('The incident', incidentSchema), ...problems(401, 404, 503) },
      },
    },
    async ({ params }) => readIncident(gateway, checkedId(params)),
  );

  app.get(
    '/incidents/:id/timeline',
    {
      schema: {
        summary: 'Every event in order',
        tags: ['incidents'],
        params: idParams,
        response: {
          200: described('The timeline', z.array(eventSchema)),
          ...problems(401, 404, 503),
        },
      },
    },
    async ({ params }, reply) => reply.send(await readTimeline(gateway, checkedId(params))),
  );

  app.get(
    '/incidents/:id/post-mortem',
    {
      schema: {
        summary: 'The post-mortem, drawn from the timeline',
        description: 'Markdown; JSON with `Accept: application/json`.',
        tags: ['incidents'],
        params: idParams,
        response: {
          200: {
            description: 'The post-mortem so far',
            content: {
              'text/markdown': { schema: z.string() },
              'application/json': { schema: postMortemSchema },
            },
          },
          ...problems(401, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const timeline = await readTimeline(gateway, checkedId(request.params));
      const postMortem = postMortemOf(restore(timeline));
      const wantsJson = /\bapplication\/json\b/.test(request.headers.accept ?? '');
      return wantsJson
        ? reply.type('application/json; charset=utf-8').send(postMortem)
        : reply.type('text/markdown; charset=utf-8').send(renderPostMortem(postMortem));
    },
  );
};

const locationOf = (id: string) => `/incidents/${id}`;

const answerOf = ({ incident, temporal }: Extract<Started, { isNew: true }>) => ({
  ...incident,
  stale: false,
  problem: null,
  temporal,
});

const unknownService = (service: string) =>
  new ApiProblem(
    422,
    'unknown_service',
    `hotfix.yaml does not name the service ${JSON.stringify(service)}, and says that others are refused.`,
    { errors: [{ path: 'service', message: 'is not a service of hotfix.yaml' }] },
  );
