import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Problem } from '../../src/api/problems.ts';
import type { SignalName } from '../../src/process/signals.ts';
import { bodies } from '../support/incidents.ts';
import { call, TestApi } from './support.ts';

/** Temporal's own limit, lowered to what a test can reach. */
const mostSignals = 60;
let api: TestApi;

beforeAll(async () => {
  const setting = `history.maximumSignalsPerExecution=${mostSignals}`;
  api = await TestApi.start({ arguments: ['--dynamic-config-value', setting] });
});
afterAll(() => api.stop());

const counts = (answers: { status: number }[]) => {
  const found: Record<number, number> = {};
  for (const { status } of answers) found[status] = (found[status] ?? 0) + 1;
  return found;
};

test('a flood of comments ends in 429, and keeps nobody from an answer to their own signal', async () => {
  const stopWorker = await api.bed.work();
  const app = await api.build('{}', { most: { ofCaller: 10, comments: 30 } });
  const { id } = await api.open();
  const say = (by: string, name: SignalName, incident = id) =>
    call<Problem>(app, {
      method: 'POST',
      url: `/incidents/${incident}/signals/${name}`,
      payload: bodies[name],
      headers: { 'x-hotfix-actor': by },
    });

  const alone = await Promise.all(Array.from({ length: 12 }, () => say('zoe', 'commented')));
  expect(counts(alone)).toEqual({ 200: 10, 429: 2 });
  const refused = alone.find(({ status }) => status === 429);
  expect(refused?.body).toMatchObject({ code: 'too_many_signals', detail: /^zoe has sent 10 / });
  expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);

  const callers = Array.from({ length: 25 }, (_, index) => `caller-${index % 5}`);
  const flood = Promise.all(callers.map((caller) => say(caller, 'commented')));
  expect((await say('zoe', 'incidentDeclared')).status).toBe(200);
  expect((await say('nina', 'priorityAssessed')).status).toBe(200);
  const answers = await flood;
  expect(counts(answers)).toEqual({ 200: 20, 429: 5 });
  const last = answers.find(({ status }) => status === 429);
  expect(last?.body.detail).toMatch(/^This incident has had 30 comments/);
  expect((await say('zoe', 'fixReady')).status).toBe(200);

  // What one incident has had is no matter of another.
  const other = await api.open();
  expect((await say('zoe', 'commented', other.id)).status).toBe(200);
  await stopWorker();
});

test('without a word about it, people do not come near the limits', async () => {
  const app = await api.build('{}', { answerTimeout: 1 });
  const url = '/incidents/nobody/signals/commented';
  const say = (by: string) =>
    call(app, {
      method: 'POST',
      url,
      payload: bodies.commented,
      headers: { 'x-hotfix-actor': by },
    });
  const answers = [];
  for (let sent = 0; sent < 61; sent += 1) answers.push(await say('zoe'));
  expect(counts(answers)).toEqual({ 404: 60, 429: 1 });
});

test("what is beyond Temporal's own limit is 503, and not recorded", async () => {
  const app = await api.build('{}', { answerTimeout: 1 });
  const { id } = await api.open();
  const say = (sent: number) =>
    call<Problem>(app, {
      method: 'POST',
      url: `/incidents/${id}/signals/roleAssigned`,
      payload: bodies.roleAssigned,
      headers: { 'x-hotfix-actor': `caller-${sent % 2}` },
    });
  const answers = [];
  for (let sent = 0; sent <= mostSignals; sent += 1) answers.push(await say(sent));
  expect(counts(answers)).toEqual({ 202: mostSignals, 503: 1 });
  expect(answers.at(-1)).toMatchObject({ status: 503, body: { code: 'incident_full' } });
  expect(answers.at(-1)?.headers['retry-after']).toBe('60');
});
