import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { derivedId, generationOf, randomId } from '../../src/api/ids.ts';
import { lockWorkflowIdOf, lockWorkflowType, workflowIdOf } from '../../src/process/contract.ts';
import { freeLock } from '../../src/process/lock.ts';
import { signalNames } from '../../src/process/signals.ts';
import { bodies } from '../support/incidents.ts';
import { call, TestApi } from './support.ts';

const json = { 'content-type': 'application/json' };
const good = { title: 'Checkout is down', service: 'shop' };
let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

const send = (payload: string, headers: Record<string, string> = json, url = '/incidents') =>
  api.call({ method: 'POST', url, payload, headers });

describe('every problem', () => {
  test('is problem+json with a stable code, and says what to do', async () => {
    const { status, headers, body } = await api.call('/incidents/nobody');
    expect(status).toBe(404);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(body).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      code: 'incident_not_found',
      detail: 'There is no incident "nobody".',
    });
  });
});

describe('bodies that cannot be read', () => {
  test.each([
    ['broken', '{"title": "x"'],
    ['no JSON at all', 'title=x'],
    ['cut off in a text', '{"title": "'],
    ['empty', ''],
    ['a prototype', '{"__proto__": {"admin": true}, "title": "x", "service": "shop"}'],
  ])('400 for one that is %s', async (_, payload) => {
    const { status, body } = await send(payload);
    expect([status, body.code]).toEqual([400, 'invalid_json']);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense'])(
    '415 for %s',
    async (type) => {
      const { status, body } = await send(JSON.stringify(good), { 'content-type': type });
      expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
      expect(body.detail).toMatch(/application\/json/);
    },
  );

  test.each(['/incidents', '/incidents/nobody/signals/commented'])(
    '413 for more than 256 KiB to %s',
    async (url) => {
      const { status, body } = await send(JSON.stringify({ text: 'x'.repeat(300_000) }), json, url);
      expect([status, body.code]).toEqual([413, 'too_large']);
    },
  );

  test('the largest body that the schemas allow is not too large', async () => {
    const prose = '界'.repeat(8_000);
    const answer = await api.open({
      description: prose,
      declaration: { ...bodies.incidentDeclared, problem: prose, impact: prose },
    });
    expect(answer.description).toBe(prose);
  });
});

describe('bodies that are wrong', () => {
  const pathsOf = async (payload: unknown) => {
    const { status, body } = await send(JSON.stringify(payload));
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    for (const { path, message } of body.errors ?? []) {
      expect(body.detail).toContain(`${path || 'body'}: ${message}`);
    }
    return body.errors?.map(({ path }) => path);
  };

  test.each<[string, unknown, string[]]>([
    ['null', null, ['']],
    ['a list', [], ['']],
    ['a text', 'x', ['']],
    ['everything missing', {}, ['title', 'service']],
    [
      'wrong types',
      { title: 1, service: ['shop'], description: {} },
      ['title', 'service', 'description'],
    ],
    ['an empty title', { ...good, title: '  ' }, ['title']],
    ['a title too long', { ...good, title: 'x'.repeat(301) }, ['title']],
    ['a service that is a path', { ...good, service: '../shop' }, ['service']],
    ['a service that is an option', { ...good, service: '--all' }, ['service']],
    ['an unknown reason', { ...good, reason: 'boredom' }, ['reason']],
    ['an unknown field', { ...good, severity: 1 }, ['']],
    ['an empty dedupKey', { ...good, dedupKey: '' }, ['dedupKey']],
    ['a dedupKey too long', { ...good, dedupKey: 'x'.repeat(256) }, ['dedupKey']],
    ['a dedupKey with NUL', { ...good, dedupKey: 'a\u0000b' }, ['dedupKey']],
    ['a dedupKey with half a character', { ...good, dedupKey: 'a\ud800' }, ['dedupKey']],
    [
      'a half declaration',
      { ...good, declaration: { problem: 'x' } },
      ['declaration.impact', 'declaration.reason'],
    ],
    [
      'a bad link',
      { ...good, declaration: { ...bodies.incidentDeclared, links: ['javascript:alert(1)'] } },
      ['declaration.links.0'],
    ],
  ])('422 for %s, each with its path', async (_, payload, paths) => {
    expect(await pathsOf(payload)).toEqual(paths);
  });

  test.each(signalNames)('422 for a %s that says nothing right', async (name) => {
    const { status, body } = await send(
      '{"nonsense": 1}',
      json,
      `/incidents/nobody/signals/${name}`,
    );
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors).not.toHaveLength(0);
  });

  test.each([
    ['a ref that is an option', 'fixReady', { ref: '--force' }, 'ref'],
    ['a ref with a space', 'fixReady', { ref: 'v1 v2' }, 'ref'],
    ['evidence that is no link', 'checklistItemDone', { evidence: 'done' }, 'evidence'],
    ['an approval that breaks', 'sanityChecked', { noBreakingChanges: false }, 'verdict'],
    ['an unknown role', 'roleAssigned', { role: 'king' }, 'role'],
    ['an envelope', 'commented', { by: 'somebody else' }, ''],
  ] as const)('422 for %s', async (_, name, wrong, path) => {
    const payload = JSON.stringify({ ...bodies[name], ...wrong });
    const { status, body } = await send(payload, json, `/incidents/nobody/signals/${name}`);
    expect(status).toBe(422);
    expect(body.errors?.map((error) => error.path)).toEqual([path]);
  });

  test.each([
    ['idempotency-key', ''],
    ['idempotency-key', 'x'.repeat(256)],
    ['idempotency-key', 'a\u0001b'],
    ['x-hotfix-actor', ' '],
    ['x-hotfix-actor', 'x'.repeat(101)],
  ])('422 for the header %s: %j', async (name, value) => {
    const headers = { ...json, [name]: value };
    const answer = await send(
      JSON.stringify(bodies.commented),
      headers,
      '/incidents/nobody/signals/commented',
    );
    expect(answer).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
    expect(answer.body.detail).toContain(`The header ${name} `);
  });

  test('422 for a service that is refused', async () => {
    const app = await api.build('unknownServices: refuse\nservices: { shop: {} }');
    const start = (service: string) =>
      call(app, { method: 'POST', url: '/incidents', payload: { ...good, service } });
    expect((await start('shop')).status).toBe(201);
    const { status, body } = await start('shoop');
    expect([status, body.code]).toEqual([422, 'unknown_service']);
    expect(body.errors?.map(({ path }) => path)).toEqual(['service']);
  });
});

describe('addresses that lead nowhere', () => {
  test.each([
    ['GET', '/incident', 'not_found'],
    ['DELETE', '/incidents/nobody', 'not_found'],
    ['GET', '/incidents/nobody/signals/commented', 'not_found'],
    ['GET', `/incidents/${'x'.repeat(1_001)}`, 'not_found'],
    ['GET', '/incidents/a%20b', 'incident_not_found'],
    ['GET', `/incidents/${encodeURIComponent("x' OR '1'='1")}`, 'incident_not_found'],
    ['GET', '/incidents/..%2F..%2Fetc', 'incident_not_found'],
    ['GET', '/incidents/nobody/timeline', 'incident_not_found'],
    ['GET', '/incidents/nobody/events', 'incident_not_found'],
    ['GET', '/incidents/nobody/post-mortem', 'incident_not_found'],
  ] as const)('404 for %s %s', async (method, url, code) => {
    const { status, body } = await api.call({ method, url });
    expect([status, body.code]).toEqual([404, code]);
  });

  test('404 for the lock of a deploy, which is a workflow and takes signals, too', async () => {
    await api.bed.client.workflow.start(lockWorkflowType, {
      workflowId: lockWorkflowIdOf('shop', 'production'),
      taskQueue: 'nobody',
      args: [freeLock({ service: 'shop', environment: 'production' })],
    });
    const incident = 'lock-shop-production';
    for (const path of ['', '/timeline', '/events', '/measurements', '/post-mortem']) {
      const { status, body } = await api.call(`/incidents/${incident}${path}`);
      expect([status, body.code], path).toEqual([404, 'incident_not_found']);
    }
    for (const name of signalNames) {
      const url = `/incidents/${incident}/signals/${name}`;
      const { status, body } = await send(JSON.stringify(bodies[name]), json, url);
      expect([status, body.code], name).toEqual([404, 'incident_not_found']);
    }
    const handle = api.bed.client.workflow.getHandle(lockWorkflowIdOf('shop', 'production'));
    const { events } = await handle.fetchHistory();
    expect(events?.some((one) => one.workflowExecutionSignaledEventAttributes)).toBe(false);
    await handle.terminate();
  });

  test('no id that is made here is that of a lock', () => {
    for (let tries = 1; tries <= 1_000; tries += 1) {
      const derived = derivedId('dedupKey', String(tries));
      for (const id of [randomId(), derived, generationOf(derived, tries)]) {
        expect(workflowIdOf(id)).not.toMatch(/^hotfix-lock-/);
      }
    }
  });

  test('400 for an address that cannot be decoded', async () => {
    const { status, body } = await api.call('/incidents/%zz');
    expect([status, body.code]).toEqual([400, 'invalid_url']);
  });
});

describe('when Temporal is not there', () => {
  test('503 that says what to do, and a log without a stack', async () => {
    const gone = await TestApi.start();
    const app = await gone.build('{}', { temporalTimeout: 500 });
    await gone.temporal.kill();
    for (const options of [
      { method: 'POST', url: '/incidents', payload: good },
      { method: 'POST', url: '/incidents/abc/signals/commented', payload: bodies.commented },
      { method: 'GET', url: '/incidents' },
      { method: 'GET', url: '/incidents/abc' },
      { method: 'GET', url: '/incidents/abc/events' },
    ] as const) {
      const { status, body, headers } = await call(app, { ...options });
      expect([status, body.code], options.url).toEqual([503, 'temporal_unreachable']);
      expect(body.detail).toMatch(/send it again/);
      expect(headers['retry-after']).toBe('5');
    }
    const log = gone.log.join('');
    expect(log).toContain('Temporal does not answer');
    expect(log).not.toContain('"stack"');
    await gone.stop();
  });
});
