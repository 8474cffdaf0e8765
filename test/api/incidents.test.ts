import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { derivedId, generationOf } from '../../src/api/ids.ts';
import { taskQueue, workflowIdOf, workflowType } from '../../src/process/contract.ts';
import type { IncidentEvent } from '../../src/process/events.ts';
import type { PostMortem } from '../../src/process/postMortem.ts';
import { bodies, opening } from '../support/incidents.ts';
import { TestApi } from './support.ts';

const request = { title: 'Checkout is down', service: 'shop' };
let api: TestApi;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  api = await TestApi.start();
  stopWorker = await api.bed.work();
});
afterAll(async () => {
  await stopWorker();
  await api.stop();
});

const start = (more: object = {}, headers: Record<string, string> = {}) =>
  api.post('/incidents', { ...request, ...more }, headers);
const abort = async (id: string) => {
  const { status } = await api.say(id, 'incidentAborted');
  expect(status).toBe(200);
  await api.bed.client.workflow.getHandle(workflowIdOf(id)).result();
};
/** Whether visibility, from which the next incident of a key is counted, knows of `count` so far. */
const untilKnown = (id: string, count: number) => {
  const query = `WorkflowId STARTS_WITH '${workflowIdOf(id)}'`;
  const known = async () => (await api.bed.client.workflow.count(query)).count;
  return expect.poll(known, { timeout: 30_000 }).toBe(count);
};

describe('POST /incidents', () => {
  test('starts one: 201, where it is, and what it waits for', async () => {
    const { status, headers, body } = await start({ description: 'Since 03:00', source: 'curl' });
    expect(status).toBe(201);
    expect(headers.location).toBe(`/incidents/${body.id}`);
    expect(body).toMatchObject({
      ...request,
      description: 'Since 03:00',
      source: 'curl',
      status: 'open',
      phase: 'declaration',
      attempt: 1,
      priority: null,
      stale: false,
    });
    expect(body.waitingFor.map(({ role }) => role)).toEqual([
      'incidentManager',
      'priorityAssessor',
    ]);
    const workflowId = `hotfix-${body.id}`;
    const { runId } = body.temporal;
    expect(body.temporal).toEqual({
      workflowId,
      runId,
      url: `http://ui.example/namespaces/default/workflows/${workflowId}/${runId}/history`,
    });
    const execution = await api.bed.client.workflow.getHandle(workflowId, runId).describe();
    expect(execution).toMatchObject({ type: 'hotfix', taskQueue: 'hotfix' });
    expect((await api.get(String(headers.location))).body).toMatchObject({ id: body.id });
  });

  test('takes the declaration along', async () => {
    const { body } = await start({ declaration: bodies.incidentDeclared });
    expect(body.completed.incidentDeclared).toMatchObject(bodies.incidentDeclared);
    expect(body.waitingFor.map(({ role }) => role)).toEqual(['priorityAssessor']);
    expect(body.reason).toBe('production_down');
  });

  test('the same dedupKey names the open incident, and a new one after its end', async () => {
    const first = await start({ dedupKey: 'checkout-500' });
    const again = await start({ dedupKey: 'checkout-500', title: 'Another title' });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toMatchObject({ id: first.body.id, title: request.title });
    expect(again.headers.location).toBe(first.headers.location);
    await abort(first.body.id);
    const second = await start({ dedupKey: 'checkout-500' });
    expect(second.status).toBe(201);
    expect(second.body.id).not.toBe(first.body.id);
    expect((await start({ dedupKey: 'checkout-500' })).body.id).toBe(second.body.id);
  });

  test('the very same Idempotency-Key starts no second one, also after its end', async () => {
    const key = { 'idempotency-key': 'call-1' };
    const first = await start({}, key);
    expect((await start({}, key)).body.id).toBe(first.body.id);
    await abort(first.body.id);
    const late = await start({}, key);
    expect(late).toMatchObject({ status: 200, body: { id: first.body.id, status: 'aborted' } });
  });

  test('a repeated call with both keys gets its own incident, also after its end', async () => {
    const more = { dedupKey: 'disk-full' };
    const first = await start(more, { 'idempotency-key': 'call-2' });
    await abort(first.body.id);
    const repeated = await start(more, { 'idempotency-key': 'call-2' });
    expect(repeated).toMatchObject({ status: 200, body: { id: first.body.id } });
    const other = await start(more, { 'idempotency-key': 'call-3' });
    expect(other.status).toBe(201);
  });

  test('a dedupKey and an Idempotency-Key of the same text are not the same', async () => {
    const byDedupKey = await start({ dedupKey: 'same-text' });
    const byKey = await start({}, { 'idempotency-key': 'same-text' });
    expect([byDedupKey.status, byKey.status]).toEqual([201, 201]);
  });

  test.each([
    ['dedupKey', { dedupKey: 'storm' }, {}],
    ['Idempotency-Key', {}, { 'idempotency-key': 'storm' }],
  ])('50 concurrent calls with one %s make one incident', async (_, more, headers) => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => start(more, headers)));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const statuses = answers.map(({ status }) => status).sort((one, other) => one - other);
    expect(statuses).toEqual([...Array<number>(49).fill(200), 201]);
  });

  test('50 concurrent calls after the end make one new incident', async () => {
    const first = await start({ dedupKey: 'second storm' });
    await abort(first.body.id);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => start({ dedupKey: 'second storm' })),
    );
    const ids = new Set(answers.map(({ body }) => body.id));
    expect(ids.size).toBe(1);
    expect(ids).not.toContain(first.body.id);
    await untilKnown(first.body.id, 2);
  });

  test.each([
    ['a quote', `it's`],
    ['an injection', `' OR WorkflowType = 'hotfix`],
    ['a backslash at the end', 'C:\\'],
    ['a backslash and a quote', `\\' OR 1=1 --`],
    ['double quotes', '"quoted"'],
    ['spaces around', '  padded  '],
    ['lines', 'one\ntwo\ttabbed\r\n'],
    ['other scripts', 'Kasse ausgefallen – 結帳 🔥'],
    ['a combining accent', 'e\u0301'],
    ['wildcards', '%_*?'],
    ['255 characters', `${'k'.repeat(254)}'`],
    ['255 wide characters', '界'.repeat(255)],
    ['what Alertmanager groups by', '{}/{severity="page"}:{alertname="HighLatency"}'],
  ])('a dedupKey may have %s', async (_, dedupKey) => {
    const first = await start({ dedupKey });
    expect(first).toMatchObject({ status: 201 });
    expect((await start({ dedupKey })).body.id).toBe(first.body.id);
    await abort(first.body.id);
    const second = await start({ dedupKey });
    expect(second).toMatchObject({ status: 201, body: { dedupKey } });
    expect(second.body.id).not.toBe(first.body.id);
    expect((await start({ dedupKey })).body.id).toBe(second.body.id);
  });

  test('a key goes on counting where it was, when its first incidents are not kept any more', async () => {
    const dedupKey = 'an "old" key';
    const first = derivedId('dedupKey', dedupKey);
    const third = generationOf(first, 3);
    await api.bed.client.workflow.start(workflowType, {
      workflowId: workflowIdOf(third),
      taskQueue,
      args: [{ ...opening({}, { dedupKey }), id: third }],
      memo: { generation: 3 },
    });
    await untilKnown(first, 1);
    expect(await start({ dedupKey })).toMatchObject({ status: 200, body: { id: third } });
    await abort(third);
    const next = await start({ dedupKey });
    expect(next).toMatchObject({ status: 201, body: { id: generationOf(first, 4) } });
  });
});

describe('GET /incidents/{id}', () => {
  test('says how it is now', async () => {
    const { id } = await api.open();
    await api.say(id, 'incidentDeclared');
    const { body } = await api.get(`/incidents/${id}`);
    expect(body).toMatchObject({ id, stale: false, phase: 'declaration' });
    expect(body.waitingFor.map(({ role }) => role)).toEqual(['priorityAssessor']);
  });

  test('says how it ended', async () => {
    const { id } = await api.open();
    await api.finish(id);
    await api.bed.client.workflow.getHandle(workflowIdOf(id)).result();
    const { body } = await api.get(`/incidents/${id}`);
    expect(body).toMatchObject({ status: 'closed', stale: false, waitingFor: [], priority: 'P1' });
    expect(body.checklist.map(({ done }) => done)).toEqual(Array(6).fill(true));
  });

  test('an incident of low priority is declined, and told what to do instead', async () => {
    const { id } = await api.open({ declaration: bodies.incidentDeclared });
    const { body } = await api.say(id, 'priorityAssessed', { priority: 'P3' });
    expect(body).toMatchObject({ status: 'declined', explanation: /normal process/ });
  });

  test('one that was terminated from Temporal is aborted, with its timeline', async () => {
    const { id } = await api.open();
    await api.say(id, 'incidentDeclared');
    await api.bed.client.workflow.getHandle(workflowIdOf(id)).terminate('by hand');
    const { body } = await api.get(`/incidents/${id}`);
    expect(body).toMatchObject({ status: 'aborted', explanation: /Temporal/, waitingFor: [] });
    const timeline = await api.get<IncidentEvent[]>(`/incidents/${id}/timeline`);
    expect(timeline.body.map(({ type }) => type)).toContain('incidentDeclared');
    expect((await api.get(`/incidents/${id}/post-mortem`)).status).toBe(200);
  });

  test('one that was cancelled from Temporal is aborted', async () => {
    const { id } = await api.open();
    const handle = api.bed.client.workflow.getHandle(workflowIdOf(id));
    await api.until(id, ({ stale }) => !stale);
    await handle.cancel();
    await handle.result();
    const { body } = await api.get(`/incidents/${id}`);
    expect(body).toMatchObject({ status: 'aborted', explanation: /Cancelled/ });
  });

  test('a workflow of another type is no incident', async () => {
    await api.bed.client.workflow.start('another', {
      workflowId: 'hotfix-stranger',
      taskQueue: 'nobody',
    });
    for (const path of ['', '/timeline', '/events', '/post-mortem']) {
      const { status, body } = await api.call(`/incidents/stranger${path}`);
      expect([status, body.code], path).toEqual([404, 'incident_not_found']);
    }
  });
});

describe('GET /incidents/{id}/timeline', () => {
  test('has every event in order, whoever made it', async () => {
    const { id } = await api.open({ source: 'curl' });
    await api.say(id, 'incidentDeclared');
    await api.say(id, 'fixReady');
    await api.say(id, 'commented', {}, { 'x-hotfix-actor': 'zoe', 'idempotency-key': 'note-1' });
    const { body } = await api.get<IncidentEvent[]>(`/incidents/${id}/timeline`);
    expect(body.map(({ seq }) => seq)).toEqual(body.map((_, index) => index + 1));
    expect(body.map(({ type, by }) => [type, by])).toEqual([
      ['incidentOpened', 'curl'],
      ['incidentDeclared', 'inci'],
      ['signalRefused', 'bug-fixer'],
      ['commented', 'zoe'],
    ]);
    expect(body.at(-1)).toMatchObject({ requestId: 'note-1', data: bodies.commented });
  });
});

describe('GET /incidents/{id}/post-mortem', () => {
  test('is Markdown, and JSON where that is asked for', async () => {
    const { id } = await api.open();
    await api.finish(id);
    const markdown = await api.get(`/incidents/${id}/post-mortem`);
    expect(markdown.headers['content-type']).toBe('text/markdown; charset=utf-8');
    expect(markdown.text).toContain('# Post-mortem: Checkout is down');
    expect(markdown.text).toContain('- [x] ');
    const accept = { accept: 'application/json' };
    const { body } = await api.get<PostMortem>(`/incidents/${id}/post-mortem`, accept);
    expect(body.incident).toMatchObject({ id, status: 'closed' });
    expect(body.phases.map(({ phase }) => phase)).toHaveLength(6);
    expect(body.intervals.every(({ milliseconds }) => milliseconds !== null)).toBe(true);
    const timeline = await api.get(`/incidents/${id}/timeline`);
    expect(body.timeline).toEqual(timeline.body);
  });

  test('is there from the beginning', async () => {
    const { id } = await api.open({ title: 'Half | way' });
    const { text } = await api.get(`/incidents/${id}/post-mortem`);
    expect(text).toContain('# Post-mortem: Half \\| way');
  });
});
