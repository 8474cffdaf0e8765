import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IncidentAnswer } from '../../src/api/gateway/read.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { Notification } from '../../src/process/notifications.ts';
import { signalNames } from '../../src/process/signals.ts';
import { linksAt, tokenIn } from '../links/support.ts';
import { bodies } from '../support/incidents.ts';
import { call, TestApi } from './support.ts';

const secret = 'a-signing-secret';
const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
let api: TestApi;
let app: FastifyInstance;
let id: string;

beforeAll(async () => {
  api = await TestApi.start();
  app = await api.build('{}', {
    answerTimeout: 1,
    links: linksAt(),
    slack: { signingSecrets: [secret], personOf: () => 'rachel' },
  });
  ({ id } = await api.open());
});
afterAll(() => api.stop());

/** Texts that JavaScript itself looks for in values. */
const trap = fc.constantFrom(
  ...['length', 'size', 'toString', 'valueOf', 'toJSON', 'then', 'constructor', '__proto__'],
  ...['prototype', 'hasOwnProperty', 'message', 'by', 'at', 'during', 'requestId', ''],
);
const scalar = fc.oneof(
  fc.constantFrom(null, true, 0, -0, 1e308, -1, 1.5, '', ' ', '\0', '\ud800', 'x'),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const { value: hostile } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.oneof(trap, fc.string({ maxLength: 5 })), tie('value')), { maxLength: 4 }),
  ),
}));
/** Written by hand, so that keys such as `__proto__` are there and may come twice. */
const written = (value: unknown): string => {
  if (!Array.isArray(value)) return JSON.stringify(value);
  const isPair = (one: unknown) =>
    Array.isArray(one) && one.length === 2 && typeof one[0] === 'string';
  return value.length > 0 && value.every(isPair)
    ? `{${value.map(([key, one]) => `${JSON.stringify(key)}:${written(one)}`).join()}}`
    : `[${value.map(written).join()}]`;
};

/** A good body whose fields are exchanged for what is hostile. */
const spoiled = (good: object) =>
  fc
    .record(
      Object.fromEntries(
        Object.entries(good).map(([key, value]) => [
          key,
          fc.oneof(fc.constant(JSON.stringify(value)), hostile.map(written)),
        ]),
      ),
    )
    .map(
      (fields) =>
        `{${Object.entries(fields)
          .map(([key, text]) => `${JSON.stringify(key)}:${text}`)
          .join()}}`,
    );

const post = (url: string, payload: string, headers: Record<string, string> = {}) =>
  call(app, { method: 'POST', url, payload, headers: { 'content-type': json, ...headers } });

const never500 = (
  bodiesOf: fc.Arbitrary<string>,
  send: (body: string) => Promise<{ status: number }>,
  numRuns = 60,
) =>
  fc.assert(
    fc.asyncProperty(bodiesOf, async (body) => {
      expect((await send(body)).status).not.toBe(500);
    }),
    { numRuns },
  );

/** A request as Slack signs it. */
const press = (payload: string) => {
  const body = new URLSearchParams({ payload }).toString();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const hash = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return post('/slack/interactions', body, {
    'content-type': form,
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${hash}`,
  });
};

const opening = {
  title: 'Down',
  service: 'shop',
  description: 'x',
  source: 'y',
  dedupKey: 'z',
  declaration: bodies.incidentDeclared,
};

describe('whatever is posted, nothing is a mistake of ours:', () => {
  test('POST /incidents', () =>
    never500(fc.oneof(hostile.map(written), spoiled(opening)), (body) => post('/incidents', body)));

  test.each(signalNames)('%s', (name) =>
    never500(
      fc.oneof(hostile.map(written), spoiled({ ...bodies[name], note: 'x' })),
      (body) => post(`/incidents/${id}/signals/${name}`, body),
      20,
    ),
  );

  test('a press in Slack', () => {
    const value = spoiled({
      incident: 'x',
      signal: 'commented',
      body: { text: 'x' },
      asked: '2026-11-24T03:00:00Z',
    });
    const payload = value.chain((text) =>
      spoiled({
        type: 'block_actions',
        user: { id: 'U1' },
        actions: [{ action_id: 'press:1', value: text, action_ts: '1.0' }],
      }),
    );
    return never500(fc.oneof(hostile.map(written), payload), press);
  });

  test('the form of a link', async () => {
    const { body: incident } = await call<IncidentAnswer>(app, `/incidents/${id}`);
    const asking = { id: `${id}-1`, kind: 'phaseStarted', incidentId: id, incident };
    const token = tokenIn(await linksAt().linkFor('nina', asking as unknown as Notification));
    expect((await app.inject(`/act/${token}`)).statusCode).toBe(200);
    const entries = fc.dictionary(
      fc.oneof(trap, fc.constantFrom('verdict', 'note', 'noDataLoss')),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          entries.map((one) => new URLSearchParams(one).toString()),
          fc.string({ unit: 'binary' }),
        ),
        async (body) => {
          const headers = { 'content-type': form };
          const answer = await app.inject({
            method: 'POST',
            url: `/act/${token}`,
            payload: body,
            headers,
          });
          expect(answer.statusCode).not.toBe(500);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('422 with the path:', () => {
  const bad = { length: { toString: 1 } };
  test.each<[string, object, string]>([
    ['/incidents', { title: bad, service: 'shop' }, 'title'],
    ['/incidents', { title: 'x', service: { length: [bad] } }, 'service'],
    ['/incidents/x/signals/commented', { text: bad }, 'text'],
    [
      '/incidents/x/signals/preventionPlanned',
      { ...bodies.preventionPlanned, lessons: bad },
      'lessons',
    ],
    [
      '/incidents/x/signals/checklistItemDone',
      { ...bodies.checklistItemDone, evidence: bad },
      'evidence',
    ],
  ])('%s %j', async (url, body, path) => {
    const answer = await post(url, JSON.stringify(body));
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path }] } });
  });

  test('a press in Slack', async () => {
    const answer = await press(JSON.stringify({ type: 'block_actions', user: { id: bad } }));
    expect(answer).toMatchObject({ status: 422, body: { detail: /user\.id/ } });
  });

  test('a body nested 100,000 deep, and one of very many keys', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const nested = await post('/incidents', `{"title":${deep},"service":"shop"}`);
    expect(nested).toMatchObject({ status: 422, body: { errors: [{ path: 'title' }] } });
    const keys = Array.from({ length: 20_000 }, (_, index) => `"k${index}":1`).join();
    const many = await post('/incidents', `{${keys}}`);
    expect(many.status).toBe(422);
    expect(many.text.length).toBeLessThan(10_000);
  });
});

test('hotfix.yaml is refused with the path, too', () => {
  const yaml = 'people: { ana: { name: { length: { toString: 1 } } } }';
  expect(() => parseConfig(yaml, {})).toThrow(/people\.ana\.name/);
});

test('a signal straight from Temporal is recorded and refused, and the incident goes on', async () => {
  const stopWorker = await api.bed.work();
  const { id: other } = await api.open();
  const handle = api.bed.client.workflow.getHandle(`hotfix-${other}`);
  await handle.signal('commented', { by: 'zoe', text: { length: { toString: 1 } } });
  await handle.signal('commented', { by: { length: { toString: 1 } }, text: 'x' });
  expect(await api.say(other, 'incidentDeclared')).toMatchObject({ status: 200 });
  await stopWorker();
});
