import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IncidentAnswer } from '../../src/api/gateway/read.ts';
import type { Problem } from '../../src/api/problems.ts';
import { workflowIdOf } from '../../src/process/contract.ts';
import type { IncidentEvent } from '../../src/process/events.ts';
import type { SignalName } from '../../src/process/signals.ts';
import { bodies, live } from '../support/incidents.ts';
import { call, TestApi } from './support.ts';

type Refusal = Problem & { requestId: string; incident: IncidentAnswer };
interface Recorded {
  requestId: string;
  recorded: boolean;
  incident: string;
}

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

const timelineOf = async (id: string) =>
  (await api.get<IncidentEvent[]>(`/incidents/${id}/timeline`)).body;
const eventsOf = async (id: string, type: IncidentEvent['type']) =>
  (await timelineOf(id)).filter((event) => event.type === type);
const refuse = (id: string, name: SignalName, body: object = {}, by?: string) =>
  api.say<Refusal>(id, name, body, by === undefined ? {} : { 'x-hotfix-actor': by });

test('whoever has come on call since the last message is answered once the rota was asked', async () => {
  let release = () => {};
  const released = new Promise<void>((done) => (release = done));
  let isFirst = true;
  const stopWorker = await api.bed.work({
    notify: async (messages) => ({
      deliveries: [],
      onCall: messages.some(({ rotas }) => rotas) ? [live('primary', 'ana')] : [],
    }),
    findOnCall: async () => {
      if (!isFirst) await released;
      isFirst = false;
      return [live('primary', 'ben', 'cy')];
    },
  });
  const terms = { rotas: { reviewer: ['primary'], tester: ['primary'] }, onCall: ['primary'] };
  const incident = await (await api.bed.open(terms)).toPhase('quickReview');
  const id = incident.handle.workflowId.slice(workflowIdOf('').length);
  await incident.untilHeldBy('ana');
  const accepted = await api.say(id, 'sanityChecked', {}, { 'x-hotfix-actor': 'ben' });
  expect(accepted).toMatchObject({ status: 200, body: { completed: { sanityChecked: {} } } });

  // A rota that takes longer than a caller waits: recorded, and decided when it has answered.
  const hurried = await api.build('{}', { answerTimeout: 1_000 });
  const headers = { 'x-hotfix-actor': 'dee', 'idempotency-key': 'dee' };
  const url = `/incidents/${id}/signals/quickVerified`;
  const say = () =>
    call<Recorded>(hurried, { method: 'POST', url, payload: bodies.quickVerified, headers });
  expect(await say()).toMatchObject({ status: 202, body: { requestId: 'dee', recorded: true } });
  release();
  await expect.poll(async () => (await say()).status).toBe(403);
  expect(await eventsOf(id, 'signalRefused')).toHaveLength(1);
  await incident.handle.terminate();
  await stopWorker();
});

describe('with a worker', () => {
  let stopWorker: () => Promise<void>;
  beforeAll(async () => {
    stopWorker = await api.bed.work();
  });
  afterAll(() => stopWorker());

  const inReview = async () => {
    const { id } = await api.open();
    for (const name of ['incidentDeclared', 'priorityAssessed', 'fixReady'] as const) {
      await api.say(id, name);
    }
    await api.until(id, ({ phase }) => phase === 'quickReview');
    return id;
  };

  test('200: applied, with the new state of the incident', async () => {
    const { id } = await api.open();
    const { status, body } = await api.say(id, 'incidentDeclared', {}, { 'idempotency-key': 'a' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, requestId: 'a', stale: false });
    expect(body.completed.incidentDeclared).toMatchObject({
      ...bodies.incidentDeclared,
      by: 'inci',
    });
    expect(body.temporal.workflowId).toBe(workflowIdOf(id));
  });

  test('a completion without a key gets a requestId of its own', async () => {
    const { id } = await api.open();
    const { body } = await api.say(id, 'commented');
    const [event] = await eventsOf(id, 'commented');
    expect(event?.requestId).toBe(body.requestId);
  });

  test('an Idempotency-Key of another call is refused, and not taken for a repetition', async () => {
    const { id } = await api.open();
    const headers = { 'idempotency-key': 'mine' };
    expect((await api.say(id, 'incidentDeclared', {}, headers)).status).toBe(200);
    const reused = await api.say<Problem>(id, 'priorityAssessed', {}, headers);
    expect(reused).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect(reused.body.detail).toContain('incidentDeclared');
    const { body } = await api.get(`/incidents/${id}`);
    expect(body.completed).not.toHaveProperty('priorityAssessed');
  });

  test('the same Idempotency-Key twice is applied once', async () => {
    const { id } = await api.open();
    const key = { 'idempotency-key': 'note' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.say(id, 'commented', {}, key)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(await eventsOf(id, 'commented')).toHaveLength(1);
  });

  test('a refusal is repeated, and recorded once', async () => {
    const { id } = await api.open();
    const send = () => api.say<Refusal>(id, 'fixReady', {}, { 'idempotency-key': 'early' });
    const first = await send();
    await api.say(id, 'incidentDeclared');
    await api.say(id, 'priorityAssessed');
    const again = await send();
    expect([first.status, again.status]).toEqual([409, 409]);
    expect(again.body.detail).toBe(first.body.detail);
    expect(await eventsOf(id, 'signalRefused')).toHaveLength(1);
  });

  test('409 in the wrong phase: why, the state, and it is on the record', async () => {
    const { id } = await api.open();
    const { status, body } = await refuse(id, 'deployAuthorized');
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'wrong_phase', incident: { id, phase: 'declaration' } });
    expect(body.detail).toMatch(/deploy; the incident is in declaration/);
    expect(await eventsOf(id, 'signalRefused')).toMatchObject([
      {
        by: 'tony',
        requestId: body.requestId,
        data: { signal: 'deployAuthorized', code: 'wrong_phase', body: bodies.deployAuthorized },
      },
    ]);
  });

  test('409 for what was done already', async () => {
    const { id } = await api.open();
    await api.say(id, 'incidentDeclared');
    expect(await refuse(id, 'incidentDeclared')).toMatchObject({
      status: 409,
      body: { code: 'already_done' },
    });
  });

  test("409 for a review of one's own fix, and for both checks by one person", async () => {
    const id = await inReview();
    for (const name of ['sanityChecked', 'securityChecked'] as const) {
      const { status, body } = await refuse(id, name, {}, 'Bug-Fixer');
      expect([status, body.code]).toEqual([409, 'four_eyes']);
    }
    await api.say(id, 'sanityChecked');
    const second = await refuse(id, 'securityChecked', {}, 'rachel');
    expect([second.status, second.body.code]).toEqual([409, 'four_eyes']);
    const { body } = await api.say(id, 'securityChecked');
    expect(body.phase).toBe('deploy');
  });

  test('409 for an acknowledgement of what somebody has in hand, and for what the process checks itself', async () => {
    const { id } = await api.open();
    await api.say(id, 'escalationAcknowledged');
    const taken = await refuse(id, 'escalationAcknowledged');
    expect([taken.status, taken.body.code]).toEqual([409, 'already_done']);
    const item = await refuse(id, 'checklistItemDone', { item: 'incidentDocumented' });
    expect([item.status, item.body.code]).toEqual([409, 'checked_by_process']);
  });

  test('409 after the end', async () => {
    const { id } = await api.open();
    await api.say(id, 'incidentAborted');
    await api.bed.client.workflow.getHandle(workflowIdOf(id)).result();
    const { status, body } = await refuse(id, 'commented');
    expect([status, body.code]).toEqual([409, 'incident_over']);
    expect(body.requestId).toBeUndefined();
  });

  test('sent again after the end, it is answered as the first time', async () => {
    const { id } = await api.open();
    const again = () => api.say(id, 'incidentAborted', {}, { 'idempotency-key': 'the-last-word' });
    const first = await again();
    await api.bed.client.workflow.getHandle(workflowIdOf(id)).result();
    const second = await again();
    expect(second.status).toBe(200);
    expect(second.body).toEqual(first.body);
    const other = await api.say<Refusal>(
      id,
      'commented',
      {},
      { 'idempotency-key': 'the-last-word' },
    );
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  test('refused once, it is refused again after the end', async () => {
    const { id } = await api.open();
    const key = { 'idempotency-key': 'too-soon' };
    const first = await api.say<Refusal>(id, 'fixReady', {}, key);
    await api.say(id, 'incidentAborted');
    await api.bed.client.workflow.getHandle(workflowIdOf(id)).result();
    const second = await api.say<Refusal>(id, 'fixReady', {}, key);
    expect([second.status, second.body.code]).toEqual([409, 'wrong_phase']);
    expect(second.body.detail).toBe(first.body.detail);
  });

  test('404 for an unknown incident and for an unknown signal', async () => {
    const missing = await refuse('nobody', 'commented');
    expect([missing.status, missing.body.code]).toEqual([404, 'incident_not_found']);
    const { id } = await api.open();
    const unknown = await api.post<Problem>(`/incidents/${id}/signals/deployNow`, {});
    expect([unknown.status, unknown.body.code]).toEqual([404, 'unknown_signal']);
    expect(unknown.body.detail).toMatch(/deployAuthorized/);
  });

  describe('straight from a Temporal client', () => {
    const raw = (id: string) => api.bed.client.workflow.getHandle(workflowIdOf(id));

    test.each<[string, string, unknown[]]>([
      ['no argument', 'sanityChecked', []],
      ['null', 'sanityChecked', [null]],
      ['a text', 'sanityChecked', ['approved']],
      ['a list', 'sanityChecked', [[1, 2]]],
      ['nobody who says it', 'commented', [{ text: 'Hello' }]],
      ['a wrong type', 'priorityAssessed', [{ by: 'nina', priority: 1, justification: 'x' }]],
      ['a field too much', 'commented', [{ by: 'zoe', text: 'Hello', role: 'admin' }]],
      ['a time that is none', 'commented', [{ by: 'zoe', text: 'Hello', at: 'yesterday' }]],
      ['an unknown name', 'deployNow', [{ by: 'zoe' }]],
      ['a name of every object', 'constructor', [{ by: 'zoe' }]],
      ['a prototype', 'commented', [JSON.parse('{"__proto__": {"by": "zoe"}, "text": "Hello"}')]],
      ['a huge body', 'commented', [{ by: 'zoe', text: 'x'.repeat(100_000) }]],
    ])('%s is recorded and refused, and the incident goes on', async (_, name, args) => {
      const { id } = await api.open();
      await raw(id).signal(name, ...args);
      const { body } = await api.say(id, 'incidentDeclared');
      expect(body).toMatchObject({ status: 'open', stale: false });
      expect(await eventsOf(id, 'signalRefused')).toMatchObject([
        { data: { signal: name, code: 'malformed', reason: /\w+/ } },
      ]);
    });

    test('a whole one goes through the same check as any other', async () => {
      const { id } = await api.open();
      await raw(id).signal('commented', { by: 'zoe', text: 'By hand' });
      await raw(id).signal('fixReady', { by: 'zoe', ...bodies.fixReady });
      await api.until(id, ({ stale }) => !stale);
      expect(await eventsOf(id, 'commented')).toMatchObject([{ by: 'zoe' }]);
      expect(await eventsOf(id, 'signalRefused')).toMatchObject([
        { data: { code: 'wrong_phase' } },
      ]);
    });
  });
});

describe('without a worker', () => {
  const hasty = async () => api.build('{}', { answerTimeout: 300 });

  test('202: recorded, the incident is stale, and all is applied when a worker comes', async () => {
    const app = await hasty();
    const { id } = await api.open();
    const say = (name: SignalName, key: string) =>
      call<Recorded>(app, {
        method: 'POST',
        url: `/incidents/${id}/signals/${name}`,
        payload: bodies[name],
        headers: { 'idempotency-key': key },
      });
    const first = await say('incidentDeclared', 'first');
    expect(first.status).toBe(202);
    expect(first.headers.location).toBe(`/incidents/${id}`);
    expect(first.body).toMatchObject({
      requestId: 'first',
      recorded: true,
      incident: `/incidents/${id}`,
    });
    expect((await say('incidentDeclared', 'first')).status).toBe(202);
    expect((await say('priorityAssessed', 'second')).status).toBe(202);
    expect((await say('deployAuthorized', 'third')).status).toBe(202);

    const { body } = await call<IncidentAnswer>(app, `/incidents/${id}`);
    expect(body).toMatchObject({ id, stale: true, status: 'open', phase: 'declaration' });
    for (const path of ['timeline', 'post-mortem']) {
      const answer = await call(app, `/incidents/${id}/${path}`);
      expect(answer).toMatchObject({ status: 503, body: { code: 'no_worker' } });
      expect(answer.headers['retry-after']).toBe('5');
    }

    const stopWorker = await api.bed.work();
    const view = await api.until(id, ({ phase }) => phase === 'quickFix');
    expect(view.completed.incidentDeclared).toMatchObject({ by: 'inci' });
    expect((await timelineOf(id)).map(({ type, requestId }) => [type, requestId])).toEqual(
      expect.arrayContaining([
        ['incidentDeclared', 'first'],
        ['priorityAssessed', 'second'],
        ['signalRefused', 'third'],
      ]),
    );
    expect(await eventsOf(id, 'incidentDeclared')).toHaveLength(1);
    // The verdict that had to be waited for is there for whoever asks again.
    expect((await say('incidentDeclared', 'first')).status).toBe(200);
    expect((await say('deployAuthorized', 'third')).status).toBe(409);
    await stopWorker();
  });

  test('an incident under way is answered as its phase was known last', async () => {
    const stopWorker = await api.bed.work();
    const { id } = await api.open();
    for (const name of ['incidentDeclared', 'priorityAssessed', 'fixReady'] as const) {
      await api.say(id, name);
    }
    await api.until(id, ({ phase }) => phase === 'quickReview');
    await api.say(id, 'sanityChecked');
    await stopWorker();
    const { body } = await call<IncidentAnswer>(await hasty(), `/incidents/${id}`);
    expect(body).toMatchObject({ stale: true, phase: 'quickReview', priority: 'P1' });
    expect(body.waitingFor.map(({ role }) => role)).toEqual(['securityReviewer']);
  });

  test('one that has ended is answered as it ended', async () => {
    const stopWorker = await api.bed.work();
    const { id } = await api.open();
    await api.say(id, 'incidentAborted');
    await api.bed.client.workflow.getHandle(workflowIdOf(id)).result();
    await stopWorker();
    const app = await hasty();
    expect(await call(app, `/incidents/${id}`)).toMatchObject({
      status: 200,
      body: { status: 'aborted', stale: false },
    });
    expect((await call(app, `/incidents/${id}/timeline`)).status).toBe(200);
    expect((await call(app, `/incidents/${id}/post-mortem`)).status).toBe(200);
  });
});
