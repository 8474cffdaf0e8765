import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { defaultPoints } from '../../process/analyses.ts';
import { fewestPoints } from '../../process/points.ts';
import type { GatewayDeps } from '../gateway/deps.ts';
import { type MeasurementsAnswer, readMeasurements } from '../gateway/measurements.ts';
import { measurementsSchema, problems } from '../schemas.ts';
import { checkedId, idParams } from './incidents.ts';

const which = z.strictObject({
  attempt: z.coerce.number().int().min(1).optional().describe('Only the analyses of this attempt'),
  analysis: z.coerce.number().int().min(1).optional().describe('Only the one with this `number`'),
  points: z.coerce
    .number()
    .int()
    .min(fewestPoints)
    .max(5_000)
    .default(defaultPoints)
    .describe('At most so many of each measure; extremes and every kind of outcome are kept'),
  width: z.coerce
    .number()
    .int()
    .min(320)
    .max(2_400)
    .default(960)
    .describe('Of the plot, in pixels; 390 suits a phone'),
});

const plotDescription =
  'A panel a measure, times in UTC: the newest analysis that the query leaves. Nothing in it can run.';
const plotContent = { 'image/svg+xml': { schema: z.string() } };

/** The series of an incident, as numbers and as a picture. */
export const measurementRoutes: FastifyPluginAsyncZod<{ gateway: GatewayDeps }> = async (
  app,
  { gateway },
) => {
  app.get(
    '/incidents/:id/measurements',
    {
      schema: {
        summary: 'What was measured, also while it is measured',
        description: 'The plot with `Accept: image/svg+xml`.',
        tags: ['incidents'],
        params: idParams,
        querystring: which,
        response: {
          200: {
            description: 'Every analysis of the incident',
            content: { 'application/json': { schema: measurementsSchema }, ...plotContent },
          },
          ...problems(401, 404, 422, 503),
        },
      },
    },
    async ({ params, query, headers }, reply) => {
      const answer = await readMeasurements(gateway, { ...query, id: checkedId(params) });
      reply.header('vary', 'accept');
      return /\bimage\/svg\+xml\b/.test(headers.accept ?? '')
        ? sendPlot(reply, answer, query.width)
        : reply.type('application/json; charset=utf-8').send(answer);
    },
  );

  app.get(
    '/incidents/:id/measurements.svg',
    {
      schema: {
        summary: 'A plot of what was measured',
        description: plotDescription,
        tags: ['incidents'],
        params: idParams,
        querystring: which,
        response: {
          200: { description: 'The plot', content: plotContent },
          ...problems(401, 404, 422, 503),
        },
      },
    },
    async ({ params, query }, reply) => {
      const answer = await readMeasurements(gateway, { ...query, id: checkedId(params) });
      return sendPlot(reply, answer, query.width);
    },
  );
};

async function sendPlot(reply: FastifyReply, answer: MeasurementsAnswer, width: number) {
  // Loaded with the first plot: the API is up sooner without it.
  const { renderSvg } = await import('../plot/render.ts');
  const { title, service, stale, analyses } = answer;
  return reply
    .headers({
      'content-type': 'image/svg+xml; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache',
    })
    .send(renderSvg({ title, service, stale, analysis: analyses.at(-1) }, width));
}
