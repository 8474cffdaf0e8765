import { Readable } from 'node:stream';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { GatewayDeps } from '../gateway/deps.ts';
import { describe } from '../gateway/read.ts';
import { type News, Watches } from '../gateway/watch.ts';
import { ApiProblem } from '../problems.ts';
import { problems } from '../schemas.ts';
import { checkedId, idParams } from './incidents.ts';

/** Proxies close what is silent for a minute; in milliseconds. */
const quiet = 15_000;

/** The timeline, live: server-sent events as the HTML standard has them. */
export const eventRoutes: FastifyPluginAsyncZod<{ gateway: GatewayDeps }> = async (
  app,
  { gateway },
) => {
  const watches = new Watches(gateway);
  app.addHook('preClose', async () => watches.stop());

  app.get(
    '/incidents/:id/events',
    {
      schema: {
        summary: 'Every event, live, as server-sent events',
        description:
          'Each has its `seq` as id and its type as event. A client that comes back with `Last-Event-ID` goes on where it was. While an activity runs, `deployProgress` and `measurements` tell about once a second how far it is, without an id: they are not part of the timeline. The stream ends with the incident.',
        tags: ['incidents'],
        params: idParams,
        headers: z.object({ 'last-event-id': z.string().optional() }),
        response: {
          200: {
            description: 'The stream',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          ...problems(401, 404, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const id = checkedId(request.params);
      const after = afterOf(request.headers['last-event-id']);
      await describe(gateway, id);
      const stream = Readable.from(lines(watches.follow(id, after, quiet)));
      return reply
        .headers({
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache, no-transform',
          'x-accel-buffering': 'no',
        })
        .send(stream as never);
    },
  );
};

async function* lines(news: AsyncIterable<News | null>): AsyncGenerator<string> {
  yield ': here come the events\n\n';
  for await (const one of news) yield lineOf(one);
}

/** Without an id, progress leaves the client's `Last-Event-ID` where the timeline has it. */
function lineOf(news: News | null): string {
  if (news === null) return ': still here\n\n';
  return 'live' in news
    ? `event: ${news.live}\ndata: ${news.json}\n\n`
    : `id: ${news.seq}\nevent: ${news.type}\ndata: ${JSON.stringify(news)}\n\n`;
}

function afterOf(lastEventId: string | undefined): number {
  if (lastEventId === undefined || lastEventId === '') return 0;
  if (/^\d{1,9}$/.test(lastEventId)) return Number(lastEventId);
  throw new ApiProblem(
    422,
    'validation_failed',
    'The header last-event-id must be the id of an event, as the stream gave it: a number.',
  );
}
