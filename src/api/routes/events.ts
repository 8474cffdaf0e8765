import { Readable } from 'node:stream';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { GatewayDeps } from '../gateway/deps.ts';
import { describe, readTimeline } from '../gateway/read.ts';
import { isOpen } from '../gateway/trouble.ts';
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
  app.addHook('preClose', () => watches.stop());

  app.get(
    '/incidents/:id/events',
    {
      // A HEAD would follow the stream with nobody there to hear it or to hang up.
      exposeHeadRoute: false,
      schema: {
        summary: 'Every event, live, as server-sent events',
        description:
          'Each has its `seq` as id and its type as event. A client that comes back with `Last-Event-ID` goes on where it was. While an activity runs, `deployProgress` and `measurements` tell about once a second how far it is, without an id: they are not part of the timeline. The stream ends with the incident; whoever comes back after that gets 204 and need not come again.',
        tags: ['incidents'],
        params: idParams,
        headers: z.object({ 'last-event-id': z.string().optional() }),
        response: {
          200: {
            description: 'The stream',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          204: z.null().describe('The incident is over and there is no more'),
          ...problems(401, 404, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const id = checkedId(request.params);
      const after = afterOf(request.headers['last-event-id']);
      const description = await describe(gateway, id);
      if (after > 0 && !isOpen(description) && (await isAll(gateway, id, after))) {
        return reply.code(204).send(null);
      }
      const stream = Readable.from(lines(watches.follow(id, after, quiet)));
      return reply
        .headers({
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache, no-transform',
          'x-accel-buffering': 'no',
          // The connection is over with the stream: kept alive, it would hold up the end of the API.
          connection: 'close',
        })
        .send(stream as never);
    },
  );
};

/** Browsers come back to a stream that ended, until they are told that there is no more. */
const isAll = async (gateway: GatewayDeps, id: string, after: number): Promise<boolean> =>
  (await readTimeline(gateway, id, after)).length === 0;

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
