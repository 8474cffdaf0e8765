import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { untilEnded } from '../../src/activities/workflow-end.ts';
import type { ListAnswer } from '../../src/api/gateway/list.ts';
import type { IncidentAnswer } from '../../src/api/gateway/read.ts';
import type { Readiness } from '../../src/api/gateway/readiness.ts';
import { workflowIdOf } from '../../src/process/contract.ts';
import type { IncidentEvent } from '../../src/process/events.ts';
import { bodies } from '../support/incidents.ts';
import { EventStream } from './stream.ts';
import { call, TestApi, until } from './support.ts';

/** Does not replay what the real workflow has begun. */
const other = {
  workflowsPath: fileURLToPath(new URL('../support/otherWorkflow.ts', import.meta.url)),
};

let api: TestApi;
/** Does not wait long for an answer that does not come. */
let app: FastifyInstance;

beforeAll(async () => {
  api = await TestApi.start({
    arguments: [
      'frontend.WorkflowPauseEnabled=true',
      'system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=1',
    ].flatMap((setting) => ['--dynamic-config-value', setting]),
  });
  app = await api.build('{}', { answerTimeout: 1_000 });
});
afterAll(() => api.stop());

const get = <T = IncidentAnswer>(url: string) => call<T>(app, url);
const read = (id: string) => get(`/incidents/${id}`);
const listed = async (query: string, id: string) =>
  (await get<ListAnswer>(`/incidents?${query}`)).body.incidents.find((one) => one.id === id);
const comment = (id: string, key: string) =>
  call(app, {
    method: 'POST',
    url: `/incidents/${id}/signals/commented`,
    payload: bodies.commented,
    headers: { 'idempotency-key': key },
  });
const readiness = async () => {
  const { status, body } = await get<Readiness & { detail: string }>('/readyz');
  return { status, ...body };
};
const metric = async (name: string) =>
  (await get<null>('/metrics')).text.split('\n').find((line) => line.startsWith(`${name} `));

/** An incident that is waited for its priority, and the worker of it gone. */
const begun = async () => {
  const stopWorker = await api.bed.work();
  const dedupKey = randomUUID();
  const { id } = await api.open({ dedupKey });
  await api.say(id, 'incidentDeclared');
  await stopWorker();
  return { id, dedupKey };
};

describe('an incident whose workflow cannot go on', () => {
  let id: string;
  let stopOther: () => Promise<void>;
  beforeAll(async () => {
    ({ id } = await begun());
    stopOther = await api.bed.work({}, other);
  });

  const isShown = async () => {
    const { status, body } = await read(id);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      stale: true,
      status: 'open',
      phase: 'declaration',
      problem: /cannot go on/,
    });
    expect(body.waitingFor.map(({ role }) => role)).toEqual(['priorityAssessor']);
    for (const path of ['timeline', 'post-mortem']) {
      const answer = await call(app, `/incidents/${id}/${path}`);
      expect(answer, path).toMatchObject({ status: 503, body: { code: 'incident_stuck' } });
      expect(answer.body.detail, path).toMatch(/run a worker of the version that can/);
      expect(answer.headers['retry-after']).toBe('60');
    }
    expect(await get(`/incidents/${id}/measurements`)).toMatchObject({
      status: 200,
      body: { stale: true },
    });
  };

  test('is shown as it was known last, with what is wrong; the rest is 503', isShown);

  test('takes signals, which are 202, and is counted, with a warning that is no 503', async () => {
    expect(await comment(id, 'waits')).toMatchObject({ status: 202 });
    await until(async () => (await readiness()).incidents.stuck === 1);
    await isShown();
    expect(await readiness()).toMatchObject({
      status: 200,
      detail: /cannot go on: 1\. List them: temporal workflow list --query/,
    });
    expect(await metric('hotfix_incidents_stuck')).toBe('hotfix_incidents_stuck 1');
    const query = 'status=open&waitingFor=priorityAssessor';
    expect(await listed(query, id)).toMatchObject({ problem: /cannot go on/ });
  });

  test('that has failed from its beginning is no different', async () => {
    const fresh = await api.open({ title: 'A bug' });
    expect(await comment(fresh.id, 'waits')).toMatchObject({ status: 202 });
    await until(async () => (await read(fresh.id)).body.problem !== null);
    const timeline = await call(app, `/incidents/${fresh.id}/timeline`);
    expect(timeline).toMatchObject({ status: 503, body: { code: 'incident_stuck' } });
    await api.bed.client.workflow.getHandle(workflowIdOf(fresh.id)).terminate();
  });

  test('goes on when a worker is there that can', async () => {
    await stopOther();
    const stopWorker = await api.bed.work();
    await until(async () => (await comment(id, 'waits')).status === 200);
    expect((await read(id)).body).toMatchObject({ stale: false, problem: null });
    await until(async () => (await readiness()).incidents.stuck === 0);
    expect(await readiness()).toMatchObject({ detail: 'Everything is there.' });
    expect(await metric('hotfix_incidents_stuck')).toBe('hotfix_incidents_stuck 0');
    await stopWorker();
  });
});

describe('an incident that is paused in Temporal', () => {
  let id: string;
  let dedupKey: string;
  let stopWorker: () => Promise<void>;
  beforeAll(async () => {
    ({ id, dedupKey } = await begun());
    stopWorker = await api.bed.work();
    await api.temporal.client.workflowService.pauseWorkflowExecution({
      namespace: 'default',
      workflowId: workflowIdOf(id),
      requestId: randomUUID(),
      reason: 'A test',
    });
  });
  afterAll(() => stopWorker());

  test('is open, and says how it goes on', async () => {
    const problem = `temporal workflow unpause --workflow-id ${workflowIdOf(id)}`;
    const { body } = await read(id);
    expect(body).toMatchObject({ status: 'open', stale: true });
    expect(body.problem).toContain(problem);
    expect(body.waitingFor).toHaveLength(1);
    for (const path of ['timeline', 'post-mortem']) {
      const answer = await call(app, `/incidents/${id}/${path}`);
      expect(answer, path).toMatchObject({ status: 503, body: { code: 'incident_paused' } });
    }
    expect((await get(`/incidents/${id}/measurements`)).body).toMatchObject({ stale: true });
  });

  test('is in the lists of what is open and who is waited for', async () => {
    const query = 'status=open&waitingFor=priorityAssessor';
    await until(async () => (await listed(query, id))?.problem?.startsWith('Paused in Temporal'));
    expect(await listed(query, id)).toMatchObject({ stale: true });
  });

  test('is named by its dedupKey', async () => {
    const request = { title: 'Again', service: 'shop', dedupKey };
    expect(await api.post('/incidents', request)).toMatchObject({ status: 200, body: { id } });
  });

  test('is counted, with a warning that is no 503', async () => {
    await until(async () => (await readiness()).incidents.paused === 1);
    await until(async () => (await readiness()).worker === 'up');
    expect(await readiness()).toMatchObject({ status: 200, detail: /paused in Temporal.*: 1\./ });
    expect(await metric('hotfix_incidents_paused')).toBe('hotfix_incidents_paused 1');
  });

  test('has not ended, for whoever waits for that to take its place', async () => {
    const environment = new MockActivityEnvironment({}, { client: api.temporal.client });
    const looked = once(environment, 'heartbeat');
    const ended = environment.run(untilEnded, workflowIdOf(id));
    await Promise.race([looked, ended]);
    environment.cancel();
    await expect(ended).rejects.toThrow();
  });

  test('takes signals, and goes on with them when it is unpaused', async () => {
    expect(await comment(id, 'later')).toMatchObject({ status: 202 });
    const base = await app.listen({ host: '127.0.0.1', port: 0 });
    const stream = new EventStream(`${base}/incidents/${id}/events`);
    await api.temporal.client.workflowService.unpauseWorkflowExecution({
      namespace: 'default',
      workflowId: workflowIdOf(id),
      requestId: randomUUID(),
      reason: 'A test',
    });
    await stream.until((seen) => seen.of('commented').length === 1);
    await stream.close();
    expect(await comment(id, 'later')).toMatchObject({ status: 200 });
    expect((await read(id)).body).toMatchObject({ stale: false, problem: null });
    const timeline = await get<IncidentEvent[]>(`/incidents/${id}/timeline`);
    expect(timeline.body.filter(({ type }) => type === 'commented')).toHaveLength(1);
  });
});
