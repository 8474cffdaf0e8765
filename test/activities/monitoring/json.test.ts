import { expect, test } from 'vitest';
import { createJsonMeasure, jsonConfigSchema } from '../../../src/activities/monitoring/json.ts';
import { answer, closedUrl, listen } from '../server.ts';
import { adapterDeps } from '../support.ts';

function measureOf(url: string, config: object = {}) {
  const parsed = jsonConfigSchema.parse({
    adapter: 'json',
    name: 'queue',
    url,
    path: '$.waiting',
    success: { atMost: 10 },
    ...config,
  });
  return createJsonMeasure(parsed, adapterDeps());
}

const signal = new AbortController().signal;

const look = async (body: unknown, config: object = {}) => {
  const { url } = await listen((_, response) => answer(response, 200, body));
  return await measureOf(url, config).measure({}, signal);
};

test.each<[string, unknown, object, string, number | null, RegExp]>([
  ['a number', { waiting: 3 }, {}, 'passed', 3, /^3 is at most 10\.$/],
  ['a number that is too large', { waiting: 30 }, {}, 'failed', 30, /is not at most 10/],
  ['text that is a number', { waiting: '3.5e1' }, {}, 'failed', 35, /^35 is/],
  ['null', { waiting: null }, {}, 'inconclusive', null, /no data\.$/],
  ['NaN as text', { waiting: 'NaN' }, {}, 'inconclusive', null, /no data/],
  ['a path into nothing', { waiting: 3 }, { path: '$.wating' }, 'inconclusive', null, /no data/],
  ['nothing that is well', {}, { noData: 'success' }, 'passed', null, /counts as success/],
  ['null among others', [1, null], { path: '$[*]' }, 'inconclusive', null, /no data of \$\[1\]/],
  ['all of a list', [1, 2, 30], { path: '$[*]' }, 'failed', 30, /^30 of \$\[2\]/],
  [
    'those that are asked for',
    {
      jobs: [
        { state: 'dead', age: 50 },
        { state: 'alive', age: 1 },
      ],
    },
    { path: '$.jobs[?@.state == "alive"].age' },
    'passed',
    1,
    /^1 of \$\['jobs'\]\[1\]\['age'\]/,
  ],
  ['the whole answer', '7', { path: '$' }, 'passed', 7, /^7 is/],
])('%s', async (_, body, config, outcome, value, summary) => {
  expect(await look(body, config)).toEqual({
    outcome,
    value,
    summary: expect.stringMatching(summary),
  });
});

const nested = `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`;

test.each<[string, unknown, object, RegExp]>([
  ['no JSON', '<html>down', {}, /cannot be understood: not JSON but "<html>down"/],
  ['nothing at all', '', {}, /not JSON but nothing/],
  ['an object', { waiting: { a: 1 } }, {}, /at \$\['waiting'\] is no number but .*a/],
  ['text', { waiting: 'many' }, {}, /is no number but "many"/],
  ['a truth', { waiting: true }, {}, /is no number but "true"/],
  ['a thousand values', Array(1000).fill(1), { path: '$[*]' }, /more than 100 values: narrow it/],
  ['more than fits', `[${'1,'.repeat(3_000_000)}1]`, {}, /more than 5 MiB/],
  ['nesting without end', nested, { path: '$..waiting' }, /nested too deeply/],
])('an answer that is %s cannot be measured', async (_, body, config, message) => {
  await expect(look(body, config)).rejects.toMatchObject({
    type: 'BadAnswer',
    message: expect.stringMatching(message),
  });
});

test.each([
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [302, 'Refused'],
  [429, 'Busy'],
  [500, 'Unreachable'],
])('an answer with status %i is an error of the measurement', async (status, type) => {
  const { url } = await listen((_, response) =>
    answer(response, status, { waiting: 1 }, { location: 'http://127.0.0.1/' }),
  );
  await expect(measureOf(url).measure({}, signal)).rejects.toMatchObject({ type });
});

test('a source that is down, or hangs, is an error of the measurement', async () => {
  await expect(measureOf(await closedUrl()).measure({}, signal)).rejects.toMatchObject({
    type: 'Unreachable',
  });
  const { url } = await listen(() => undefined);
  await expect(measureOf(url, { timeout: '100ms' }).measure({}, signal)).rejects.toMatchObject({
    type: 'TimedOut',
    message: expect.stringContaining('no answer within 100 ms'),
  });
});

test('the token and the headers are sent, and a refusal names the token without showing it', async () => {
  const { url, received } = await listen((_, response) => answer(response, 401));
  const config = { tokenEnv: 'TEST_TOKEN', headers: { 'X-Tenant': 'shop' } };
  const failure = await measureOf(url, config)
    .measure({}, signal)
    .catch((error: Error) => error);
  expect(failure).toMatchObject({ message: expect.stringContaining('the token in TEST_TOKEN') });
  expect((failure as Error).message).not.toContain('token-of-a-test');
  expect(received[0]).toMatchObject({
    method: 'GET',
    headers: { authorization: 'Bearer token-of-a-test', 'x-tenant': 'shop' },
  });
});
