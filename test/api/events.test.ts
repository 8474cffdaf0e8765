import { once } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { EventSource } from 'undici';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { gatewayTo } from '../../src/api/gateway/deps.ts';
import { Watches } from '../../src/api/gateway/watch.ts';
import { workflowIdOf } from '../../src/process/contract.ts';
import type { IncidentEvent } from '../../src/process/events.ts';
import { call, TestApi } from './support.ts';

let api: TestApi;
let app: FastifyInstance;
let url: string;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  api = await TestApi.start();
  stopWorker = await api.bed.work();
  app = await api.build('{}', { answerTimeout: 2_000 });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await stopWorker();
  await api.stop();
});

interface ServerEvent {
  id: string;
  event: string;
  data: IncidentEvent;
}

/** A client of the live events, as the HTML standard has it. */
class Stream {
  readonly headers: Headers;
  private readonly aborting: AbortController;
  private readonly events: AsyncGenerator<ServerEvent>;

  private constructor(response: Response, aborting: AbortController) {
    this.headers = response.headers;
    this.aborting = aborting;
    this.events = parse(response);
  }

  static async open(id: string, lastEventId?: string, base = url): Promise<Stream> {
    const aborting = new AbortController();
    const response = await fetch(`${base}/incidents/${id}/events`, {
      signal: aborting.signal,
      headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
    });
    expect(response.status).toBe(200);
    return new Stream(response, aborting);
  }

  async next(): Promise<ServerEvent> {
    const { value } = await this.events.next();
    if (!value) throw new Error('The stream has ended.');
    return value as ServerEvent;
  }

  async until(event: string): Promise<ServerEvent[]> {
    const seen = [await this.next()];
    while (seen.at(-1)?.event !== event) seen.push(await this.next());
    return seen;
  }

  /** Everything up to the end of the stream. */
  async rest(): Promise<ServerEvent[]> {
    const rest: ServerEvent[] = [];
    for await (const event of this.events) rest.push(event);
    return rest;
  }

  leave(): void {
    this.aborting.abort();
  }
}

async function* parse(response: Response): AsyncGenerator<ServerEvent> {
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const blocks = (text + chunk).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks.filter((one) => !one.startsWith(':'))) {
      const fields = Object.fromEntries(
        block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)),
      );
      yield { ...fields, data: JSON.parse(String(fields.data)) } as ServerEvent;
    }
  }
}

const timelineOf = async (id: string) =>
  (await api.get<IncidentEvent[]>(`/incidents/${id}/timeline`)).body;
const end = async (id: string) => {
  await api.say(id, 'incidentAborted');
  await api.bed.client.workflow.getHandle(workflowIdOf(id)).result();
};

describe('live events', () => {
  test('are the timeline: what has happened, what happens, and the end', async () => {
    const { id } = await api.open();
    await api.say(id, 'incidentDeclared');
    const stream = await Stream.open(id);
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.headers.get('cache-control')).toContain('no-cache');
    // Kept alive after the stream, the connection would hold up the end of the API.
    expect(stream.headers.get('connection')).toBe('close');
    const before = await stream.until('incidentDeclared');

    await api.say(id, 'commented', { text: 'One\nline\n\nafter the other' });
    const [comment] = await stream.until('commented');
    expect(comment?.data).toMatchObject({ data: { text: 'One\nline\n\nafter the other' } });
    await api.say(id, 'fixReady');
    const [refused] = await stream.until('signalRefused');

    await end(id);
    const last = await stream.rest();
    const all = [...before, comment, refused, ...last];
    const timeline = await timelineOf(id);
    expect(all).toEqual(timeline.map((data) => ({ id: String(data.seq), event: data.type, data })));
    expect(last.at(-1)).toMatchObject({
      event: 'statusChanged',
      data: { data: { status: 'aborted' } },
    });
  });

  test('go on after Last-Event-ID', async () => {
    const { id } = await api.open();
    await api.say(id, 'incidentDeclared');
    const first = await Stream.open(id);
    const [{ id: seen } = { id: '' }] = await first.until('incidentOpened');
    first.leave();
    await api.say(id, 'commented');
    const second = await Stream.open(id, seen);
    await end(id);
    const timeline = await timelineOf(id);
    expect((await second.rest()).map(({ data }) => data)).toEqual(timeline.slice(Number(seen)));
  });

  test('with an empty Last-Event-ID they begin at the beginning', async () => {
    const { id } = await api.open();
    const stream = await Stream.open(id, '');
    expect((await stream.next()).id).toBe('1');
    stream.leave();
  });

  test('of an incident that is over are all of it, and 204 for who has them', async () => {
    const { id } = await api.open();
    await end(id);
    const events = await (await Stream.open(id)).rest();
    expect(events.map(({ data }) => data)).toEqual(await timelineOf(id));
    for (const seen of [events.length, 999]) {
      const headers = { 'last-event-id': String(seen) };
      const answer = await call(app, { url: `/incidents/${id}/events`, headers });
      expect([answer.status, answer.text]).toEqual([204, '']);
    }
  });

  test('end where the incident was ended from Temporal', async () => {
    const { id } = await api.open();
    const stream = await Stream.open(id);
    await stream.until('incidentOpened');
    await api.bed.client.workflow.getHandle(workflowIdOf(id)).terminate();
    expect(await stream.rest()).toEqual([]);
  });

  test('a browser reads them to the end and does not come back', async () => {
    const { id } = await api.open();
    const browser = new EventSource(`${url}/incidents/${id}/events`);
    const seen: string[] = [];
    for (const type of ['incidentOpened', 'incidentAborted', 'statusChanged']) {
      browser.addEventListener(type, () => seen.push(type));
    }
    await once(browser as unknown as EventTarget, 'incidentOpened');
    await end(id);
    await expect.poll(() => browser.readyState, { timeout: 30_000 }).toBe(EventSource.CLOSED);
    expect(seen).toEqual(['incidentOpened', 'incidentAborted', 'statusChanged']);
  });

  test.each(['abc', '-1', '1.5', '0x1', '9999999999', '1, 2'])(
    '422 for the Last-Event-ID %s',
    async (lastEventId) => {
      const { id } = await api.open();
      const headers = { 'last-event-id': lastEventId };
      const { status, body } = await call(app, { url: `/incidents/${id}/events`, headers });
      expect([status, body.code]).toEqual([422, 'validation_failed']);
      expect(body.detail).toContain('last-event-id');
    },
  );

  test('are not for HEAD, which nobody would ever end', async () => {
    const { id } = await api.open();
    const answer = await app.inject({ method: 'HEAD', url: `/incidents/${id}/events` });
    expect(answer.statusCode).toBe(404);
  });

  test('wait while no worker is there, and lose nothing', async () => {
    const { id } = await api.open();
    const stream = await Stream.open(id);
    await stream.until('incidentOpened');
    await stopWorker();
    const signal = { by: 'zoe', text: 'Is anybody there?' };
    await api.bed.client.workflow.getHandle(workflowIdOf(id)).signal('commented', signal);
    stopWorker = await api.bed.work();
    expect(await stream.until('commented')).toMatchObject([{ data: { by: 'zoe' } }]);
    stream.leave();
  });
});

describe('of several watchers', () => {
  /** How many questions about news are with Temporal. */
  function countLongPolls(): () => number {
    const service = api.temporal.client.workflowService;
    const ask = service.getWorkflowExecutionHistory.bind(service) as unknown as (
      request: object,
    ) => Promise<unknown>;
    let open = 0;
    vi.spyOn(service, 'getWorkflowExecutionHistory').mockImplementation((async (
      request: object,
    ) => {
      open += 1;
      try {
        return await ask(request);
      } finally {
        open -= 1;
      }
    }) as never);
    return () => open;
  }

  test('each has every event, Temporal is asked once, and not any more when all have gone', async () => {
    const longPolls = countLongPolls();
    const { id } = await api.open();
    const [one, other] = [await Stream.open(id), await Stream.open(id)];
    await one.until('incidentOpened');
    await other.until('incidentOpened');
    await expect.poll(longPolls, { timeout: 20_000 }).toBe(1);

    await api.say(id, 'commented');
    expect(await one.until('commented')).toHaveLength(1);
    expect(await other.until('commented')).toHaveLength(1);

    one.leave();
    await api.say(id, 'incidentDeclared');
    await other.until('incidentDeclared');
    await expect.poll(longPolls, { timeout: 20_000 }).toBe(1);

    other.leave();
    // A client that has gone is noticed with the next event, or the next sign of life.
    await expect
      .poll(
        async () => {
          await api.say(id, 'commented');
          return longPolls();
        },
        { timeout: 30_000, interval: 200 },
      )
      .toBe(0);
    const again = await Stream.open(id, '3');
    expect((await again.next()).id).toBe('4');
    again.leave();
    vi.restoreAllMocks();
  });

  test('a quiet stream shows a sign of life', async () => {
    const { id } = await api.open();
    const { client, logger } = api.deps();
    const deps = gatewayTo({
      client,
      logger,
      uiUrl: undefined,
      answerTimeout: 10_000,
      temporalTimeout: 10_000,
    });
    const watches = new Watches(deps);
    const events = watches.follow(id, 0, 50);
    let value: IncidentEvent | null | undefined;
    do ({ value } = await events.next());
    while (value === null);
    expect(value).toMatchObject({ type: 'incidentOpened' });
    expect((await events.next()).value).toBeNull();
    await events.return(null);
    await watches.stop();
  });

  test('all are let go when the API stops', async () => {
    const leaving = await api.build();
    const base = await leaving.listen({ host: '127.0.0.1', port: 0 });
    const { id } = await api.open();
    const stream = await Stream.open(id, undefined, base);
    await stream.until('incidentOpened');
    const rest = stream.rest();
    await leaving.close();
    expect(await rest).toEqual([]);
  });
});
