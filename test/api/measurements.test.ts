import type { AddressInfo } from 'node:net';
import { Context } from '@temporalio/activity';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HotfixActivities } from '../../src/activities/types.ts';
import type { MeasurementsAnswer } from '../../src/api/gateway/measurements.ts';
import { measurementsSchema } from '../../src/api/schemas.ts';
import { workflowIdOf } from '../../src/process/contract.ts';
import { serviceTermsSchema } from '../../src/process/events.ts';
import type { DeployResult, MonitorResult, Point } from '../../src/process/outcomes.ts';
import type { SignalName } from '../../src/process/signals.ts';
import { at, deployed, measured } from '../support/incidents.ts';
import { readXml } from '../support/xml.ts';
import { EventStream } from './stream.ts';
import { call, TestApi } from './support.ts';

let api: TestApi;
let app: FastifyInstance;

/** Every service is measured here. */
const directory = {
  open: true,
  callerOf: () => null,
  termsOf: () => serviceTermsSchema.parse({ monitored: true }),
};

beforeAll(async () => {
  api = await TestApi.start();
  app = await api.build('{}', { directory });
  await app.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(() => api.stop());

/** Ends the worker of the test, also where the test has failed. */
let stop = async (): Promise<void> => {};
const nothing = stop;

async function work(activities: Partial<HotfixActivities>): Promise<void> {
  const end = await api.bed.work(activities);
  stop = async () => {
    stop = nothing;
    await end();
  };
}

/** An activity that tells what the test says, and ends when the test says so. */
class Performance<R> {
  private tell: (details: unknown) => void = () => {};
  private end: (result: R) => void = () => {};
  private readonly begun: Promise<void>;
  readonly activity: () => Promise<R>;

  constructor() {
    let begin = (): void => {};
    this.begun = new Promise((resolve) => {
      begin = resolve;
    });
    this.activity = () => {
      const context = Context.current();
      this.tell = (details) => context.heartbeat(details);
      begin();
      const ended = new Promise<R>((resolve) => {
        this.end = resolve;
      });
      return Promise.race([ended, context.cancelled]);
    };
  }

  async says(details: unknown): Promise<void> {
    await this.begun;
    this.tell(details);
  }

  async ends(result: R): Promise<void> {
    await this.begun;
    this.end(result);
  }
}

const measure = (points: Point[], name = 'error-rate') => ({
  name,
  adapter: 'prometheus',
  outcome: null,
  summary: 'The value is 0.01.',
  counts: { passed: points.length, failed: 0, inconclusive: 0, error: 0 },
  points,
  thresholds: [{ label: 'fails above 0.05', value: 0.05, kind: 'failure' as const }],
});

const startedAt = at(10);
const progress = (points: Point[], name?: string) => ({
  startedAt,
  measures: [measure(points, name)],
  cursor: { next: 3 },
});

const result = (points: Point[]): MonitorResult => ({
  ...measured('passed'),
  startedAt,
  measures: [{ ...measure(points), outcome: 'passed' }],
});

const three: Point[] = [
  [0, 0.01, 'passed'],
  [10_000, null, 'inconclusive'],
  [20_000, 0.02, 'passed'],
];

const opened: string[] = [];

async function open(): Promise<string> {
  const payload = { title: 'Checkout is down', service: 'shop' };
  const answer = await call<{ id: string }>(app, { method: 'POST', url: '/incidents', payload });
  opened.push(answer.body.id);
  return answer.body.id;
}

/** The next worker would go on with what a test has left. */
async function cleanUp(): Promise<void> {
  for (const id of opened.splice(0)) {
    const handle = api.temporal.client.workflow.getHandle(workflowIdOf(id));
    await handle.terminate().catch(() => {});
  }
  await stop();
}

/** An incident that has got as far as its deploy. */
async function deploying(): Promise<string> {
  const id = await open();
  const names: SignalName[] = [
    'incidentDeclared',
    'priorityAssessed',
    'fixReady',
    'sanityChecked',
    'securityChecked',
    'deployAuthorized',
  ];
  for (const name of names) await api.say(id, name);
  return id;
}

const read = (id: string, query = '', headers: Record<string, string> = {}) =>
  call<MeasurementsAnswer>(app, { url: `/incidents/${id}/measurements${query}`, headers });

/** Reads until it is as wanted. */
async function until(
  id: string,
  isSo: (answer: MeasurementsAnswer) => boolean,
): Promise<MeasurementsAnswer> {
  for (let tries = 0; ; tries += 1) {
    const { body } = await read(id);
    if (isSo(body)) return body;
    if (tries === 1_600) throw new Error(`never so: ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const pointsOf = ({ analyses }: MeasurementsAnswer) => analyses.at(-1)?.measures[0]?.points;

const follow = async (id: string, lastEventId?: string) => {
  const { port } = app.server.address() as AddressInfo;
  return new EventStream(`http://127.0.0.1:${port}/incidents/${id}/events`, lastEventId);
};

/** Waits until Temporal has these details. */
async function arrived(id: string, details: unknown): Promise<void> {
  const wanted = JSON.stringify(details);
  for (let tries = 0; ; tries += 1) {
    const { raw } = await api.temporal.client.workflow.getHandle(workflowIdOf(id)).describe();
    const pending = raw.pendingActivities?.find(
      ({ activityType: type }) => type?.name === 'monitor',
    );
    const [payload] = pending?.heartbeatDetails?.payloads ?? [];
    if (payload && Buffer.from(payload.data ?? []).toString() === wanted) return;
    if (tries === 1_600) throw new Error(`never arrived: ${wanted}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** How many events of each type the history has, but for the tasks of the workflow itself. */
async function eventCounts(id: string): Promise<Record<string, number>> {
  const handle = api.temporal.client.workflow.getHandle(workflowIdOf(id));
  const { events } = JSON.parse(historyToJSON(await handle.fetchHistory())) as {
    events: { eventType: string }[];
  };
  const counts: Record<string, number> = {};
  for (const { eventType } of events) {
    if (/_WORKFLOW_TASK_/.test(eventType)) continue;
    counts[eventType] = (counts[eventType] ?? 0) + 1;
  }
  return counts;
}

describe('while an analysis runs', () => {
  afterEach(cleanUp);

  test('its series is read from the heartbeats, and from the timeline when it has ended', async () => {
    const monitor = new Performance<MonitorResult>();
    await work({ monitor: monitor.activity });
    const id = await deploying();
    await monitor.says(progress(three.slice(0, 1)));
    await until(id, (answer) => pointsOf(answer)?.length === 1);
    await monitor.says(progress(three));
    const live = await until(id, (answer) => pointsOf(answer)?.length === 3);
    expect(live).toMatchObject({ incident: id, service: 'shop', stale: false });
    expect(live.analyses).toMatchObject([
      { number: 1, attempt: 1, state: 'running', outcome: null, startedAt, finishedAt: null },
    ]);
    expect(live.analyses[0]?.measures).toEqual([measure(three)]);
    expect(measurementsSchema.strict().parse(live)).toEqual(live);
    const { text } = readXml((await read(id, '.svg')).text);
    expect(text).toContain('Measuring');

    await monitor.ends(result(three));
    const done = await until(id, ({ analyses }) => analyses[0]?.state === 'finished');
    expect(done.analyses[0]).toMatchObject(result(three));
    expect(measurementsSchema.strict().parse(done)).toEqual(done);
    expect(readXml((await read(id, '.svg')).text).text).toContain('● passed');
  });

  test('details of another shape tell nothing, and break nothing', async () => {
    const monitor = new Performance<MonitorResult>();
    await work({ monitor: monitor.activity });
    const id = await deploying();
    const stream = await follow(id);
    const broken = { ...progress(three), measures: [{ ...measure(three), points: [['now', 1]] }] };
    for (const details of ['nonsense', 7, [], {}, { startedAt, measures: 'none' }, broken]) {
      await monitor.says(details);
      await arrived(id, details);
      const { status, body } = await read(id);
      expect(status).toBe(200);
      expect(body.analyses).toMatchObject([{ state: 'running', measures: [] }]);
    }
    await monitor.says(progress(three));
    await stream.until(() => stream.of('measurements').length > 0);
    expect(stream.of('measurements')[0]?.data.measures[0].points).toEqual(three);
    await monitor.ends(result(three));
    await stream.close();
  });

  test('what it has measured stays readable when the last worker is gone', async () => {
    const monitor = new Performance<MonitorResult>();
    await work({ monitor: monitor.activity });
    const id = await deploying();
    await monitor.says(progress(three));
    await until(id, (answer) => pointsOf(answer)?.length === 3);
    await stop();
    const impatient = await api.build('{}', { directory, answerTimeout: 300 });
    const url = `/incidents/${id}/measurements`;
    const { status, body } = await call<MeasurementsAnswer>(impatient, url);
    expect(status).toBe(200);
    expect(body).toMatchObject({ stale: true, analyses: [{ number: null, state: 'running' }] });
    expect(pointsOf(body)).toEqual(three);
    expect(readXml((await call(impatient, `${url}.svg`)).text).text).toContain('As last known');
  });
});

describe('the live events', () => {
  afterEach(cleanUp);

  test('tell a deploy and an analysis as they go on, beside the timeline', async () => {
    const deploy = new Performance<DeployResult>();
    const monitor = new Performance<MonitorResult>();
    await work({ deploy: deploy.activity, monitor: monitor.activity });
    const id = await deploying();
    const stream = await follow(id);
    const details = (words?: string) => ({
      adapter: 'command',
      run: { id: 'r-1', startedAt, url: 'https://ci.example/1', memory: { secret: 'no' } },
      ...(words !== undefined && { progress: words }),
    });
    await deploy.says(details());
    await stream.until(() => stream.of('deployProgress').length === 1);
    await deploy.says(details('1 of 2 pods'));
    await stream.until(() => stream.of('deployProgress').length === 2);
    const late = await follow(id, String(stream.frames.filter((one) => one.id).length));
    await late.until(() => late.of('deployProgress').length === 1);
    await deploy.says(details('1 of 2 pods'));
    await deploy.ends(deployed('succeeded'));
    await monitor.says(progress(three.slice(0, 2)));
    await stream.until(() => stream.of('measurements').length === 1);
    await monitor.says(progress(three));
    await stream.until(() => stream.of('measurements').length === 2);
    await monitor.ends(result(three));
    await stream.until(() => stream.of('monitored').length === 1);
    await stream.close();
    await late.close();

    const run = { action: 'deploy', adapter: 'command', startedAt, url: 'https://ci.example/1' };
    expect(stream.of('deployProgress').map(({ data }) => data)).toEqual([
      { ...run, progress: null },
      { ...run, progress: '1 of 2 pods' },
    ]);
    const analyses = stream.of('measurements').map(({ data }) => data);
    expect(analyses).toMatchObject([{ number: 1, state: 'running' }, { number: 1 }]);
    expect(analyses.map(({ measures }) => measures[0].points.length)).toEqual([2, 3]);
    for (const { id: own, event } of stream.frames) {
      expect(own === undefined).toBe(event === 'deployProgress' || event === 'measurements');
    }
    const ids = stream.frames.flatMap((one) => (one.id === undefined ? [] : [Number(one.id)]));
    expect(ids).toEqual(ids.map((_, index) => index + 1));
    expect(late.of('deployProgress').map(({ data }) => data.progress)).toEqual(['1 of 2 pods']);
    const timeline = (all: EventStream) => all.frames.filter((one) => one.id !== undefined);
    expect(timeline(late)).toEqual(timeline(stream).slice(-timeline(late).length));
  });

  test('leave no trace in the history, however much is told', async () => {
    const countsOf = async (news: number) => {
      const monitor = new Performance<MonitorResult>();
      await work({ monitor: monitor.activity });
      const id = await deploying();
      for (let told = 1; told <= news; told += 1) {
        const points = Array.from({ length: told }, (_, index): Point => [index, 1, 'passed']);
        await monitor.says(progress(points));
        await until(id, (answer) => pointsOf(answer)?.length === told);
      }
      await monitor.ends(result(three));
      await until(id, ({ analyses }) => analyses[0]?.state === 'finished');
      await stop();
      return await eventCounts(id);
    };
    const [silent, talkative] = [await countsOf(0), await countsOf(4)];
    expect(talkative).toEqual(silent);
    expect(talkative.EVENT_TYPE_ACTIVITY_TASK_COMPLETED).toBeGreaterThan(1);
  });
});

describe('the measurements of an incident', () => {
  let id: string;
  const many = Array.from(
    { length: 500 },
    (_, index): Point => [
      index * 10_000,
      index === 333 ? 99 : index % 7,
      index === 333 ? 'failed' : 'passed',
    ],
  );

  beforeAll(async () => {
    await work({ monitor: async () => result(many) });
    id = await deploying();
    await until(id, ({ analyses }) => analyses[0]?.state === 'finished');
    await api.say(id, 'systemVerified', { solved: false, healthy: true });
    await api.until(id, ({ attempt }) => attempt === 2);
    await api.say(id, 'fixReady', { ref: 'v43' });
    await api.say(id, 'sanityChecked');
    await api.say(id, 'securityChecked');
    await api.say(id, 'deployAuthorized');
    await until(id, ({ analyses }) => analyses[1]?.state === 'finished');
  });

  afterAll(cleanUp);

  test('are chosen by attempt and by number', async () => {
    const numbersOf = async (query: string) =>
      (await read(id, query)).body.analyses.map(({ number, attempt }) => [number, attempt]);
    expect(await numbersOf('')).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(await numbersOf('?attempt=1')).toEqual([[1, 1]]);
    expect(await numbersOf('?analysis=2')).toEqual([[2, 2]]);
    expect(await numbersOf('?attempt=9')).toEqual([]);
    const plotted = async (query: string) => readXml((await read(id, `.svg${query}`)).text).text;
    expect(await plotted('')).toContain('shop, attempt 2');
    expect(await plotted('?attempt=1')).toContain('shop, attempt 1');
    expect(await plotted('?analysis=9')).toContain('Nothing has been measured');
  });

  test('are bounded, with the extremes kept', async () => {
    const points = pointsOf((await read(id, '?points=20')).body) ?? [];
    expect(points.length).toBeLessThanOrEqual(20);
    expect(points).toContainEqual(many[333]);
    expect(pointsOf((await read(id)).body)?.length).toBeLessThanOrEqual(240);
    expect(pointsOf((await read(id, '?points=5000')).body)).toEqual(many);
  });

  test('are a picture for who asks for one', async () => {
    const accept = 'text/html, image/avif, image/svg+xml, */*';
    const { headers, text } = await read(id, '?width=390', { accept });
    expect(headers['content-type']).toBe('image/svg+xml; charset=utf-8');
    expect(headers.vary).toBe('accept');
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; .*sandbox$/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(readXml(text).elements[0]?.attributes.width).toBe('390');
    expect((await read(id, '.svg?width=390')).text.length).toBeGreaterThan(1_000);
    expect((await read(id)).headers['content-type']).toMatch(/^application\/json/);
  });

  test('are linked from the post-mortem', async () => {
    const { text } = await call(app, `/incidents/${id}/post-mortem`);
    const links = [...text.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, link]) => link ?? '');
    expect(links).toEqual([1, 2].map((n) => `/incidents/${id}/measurements.svg?analysis=${n}`));
    for (const link of links) expect((await call(app, link)).status).toBe(200);
  });

  test.each(['points=1', 'points=many', 'width=20', 'attempt=0', 'analysis=-1', 'colour=red'])(
    'refuse %s',
    async (query) => {
      for (const path of ['', '.svg']) {
        const { status, body } = await call(app, `/incidents/${id}/measurements${path}?${query}`);
        expect(status).toBe(422);
        expect(body).toMatchObject({ code: 'validation_failed' });
      }
    },
  );

  test('are none where nothing was measured yet, and not found where there is no incident', async () => {
    const fresh = await open();
    expect((await read(fresh)).body).toMatchObject({ analyses: [], stale: false });
    const { status, text } = await read(fresh, '.svg');
    expect(status).toBe(200);
    expect(readXml(text).text).toContain('Nothing has been measured');
    for (const path of ['', '.svg']) {
      expect(await read('unknown', path)).toMatchObject({
        status: 404,
        body: { code: 'incident_not_found' },
      });
    }
  });
});
