import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createPrometheusMeasure,
  prometheusConfigSchema,
} from '../../../src/activities/monitoring/prometheus.ts';
import { findPrometheus, startPrometheus } from '../../support/prometheus.ts';
import { answer, closedUrl, listen } from '../server.ts';
import { adapterDeps } from '../support.ts';

function measure(url: string, config: object) {
  const parsed = prometheusConfigSchema.parse({
    adapter: 'prometheus',
    name: 'errors',
    url,
    success: { below: 0.01 },
    ...config,
  });
  const signal = new AbortController().signal;
  return createPrometheusMeasure(parsed, adapterDeps()).measure({}, signal);
}

const prometheus = await findPrometheus();
if ('missing' in prometheus) console.warn(`Skipped, for want of Prometheus: ${prometheus.missing}`);

const metrics = `
error_ratio{path="/pay"} 0.002
error_ratio{path="/cart"} 0.5
idle_ratio NaN
queue_length 3
limitless +Inf
${Array.from({ length: 1000 }, (_, shard) => `shards{shard="${shard}"} 1`).join('\n')}
`;

describe.skipIf('missing' in prometheus)('asked of a real Prometheus', () => {
  let exporter: Server;
  let server: Awaited<ReturnType<typeof startPrometheus>>;

  beforeAll(async () => {
    exporter = createServer((_, response) => response.end(metrics));
    await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
    const { port } = exporter.address() as AddressInfo;
    const path = 'path' in prometheus ? prometheus.path : '';
    server = await startPrometheus(path, { shop: `127.0.0.1:${port}`, gone: '127.0.0.1:1' });
    await server.ready('queue_length');
    await server.ready('up{job="gone"}');
  });

  afterAll(async () => {
    await server.stop();
    exporter.closeAllConnections();
    exporter.close();
  });

  test.each([
    [
      'a value that is well',
      'error_ratio{path="/pay"}',
      {},
      'passed',
      /^0\.002 of error_ratio\{.*path="\/pay".*\} is below 0\.01\.$/,
    ],
    [
      'a value that is not',
      'error_ratio{path="/cart"}',
      {},
      'failed',
      /^0\.5 of .*is not below 0\.01/,
    ],
    ['one bad series of several', 'error_ratio', {}, 'failed', /\/cart/],
    ['a target that is down', 'up{job="gone"}', { success: { atLeast: 1 } }, 'failed', /^0 of up/],
    ['a scalar', 'scalar(queue_length)', { success: { atMost: 3 } }, 'passed', /^3 is at most 3/],
    [
      'two limits',
      'queue_length',
      { success: { atLeast: 1, below: 3 } },
      'failed',
      /is not below 3 and at least 1/,
    ],
    ['infinity', 'limitless', { success: { above: 1e300 } }, 'passed', /Infinity/],
    ['no series', 'error_ratio{path="/none"}', {}, 'inconclusive', /no data/],
    ['NaN', 'idle_ratio', {}, 'inconclusive', /no data of /],
    ['a division by nothing', 'vector(0) / vector(0)', {}, 'inconclusive', /no data/],
    [
      'NaN beside a number',
      'error_ratio{path="/pay"} or idle_ratio',
      {},
      'inconclusive',
      /no data of idle_ratio/,
    ],
    [
      'a range',
      'queue_length',
      { range: { lookback: '5m', step: '1s' }, success: { atLeast: 3 } },
      'passed',
      /^3 of queue_length/,
    ],
    [
      'a range with a bad value',
      'error_ratio',
      { range: { lookback: '5m', step: '1s' } },
      'failed',
      /\/cart/,
    ],
    [
      'an empty range',
      'nothing_of_this_name',
      { range: { lookback: '5m', step: '1s' } },
      'inconclusive',
      /no data/,
    ],
  ])('%s', async (_, query, config, outcome, summary) => {
    expect(await measure(server.url, { query, ...config })).toMatchObject({
      outcome,
      summary: expect.stringMatching(summary),
    });
  });

  test.each([
    ['a broken query, in the words of Prometheus', 'sum(', {}, 'Refused', /bad_data.*parse error/],
    [
      'a query that fails to run',
      'queue_length * on() error_ratio',
      {},
      'Refused',
      /execution.*many-to-/,
    ],
    [
      'too many points',
      'queue_length',
      { range: { lookback: '300d', step: '1s' } },
      'Refused',
      /11,000 points/,
    ],
    ['too many series', 'shards', {}, 'BadAnswer', /1000 series, more than 100: aggregate/],
    ['a text', '"well"', {}, 'BadAnswer', /ask for a number/],
  ])('%s', async (_, query, config, type, message) => {
    await expect(measure(server.url, { query, ...config })).rejects.toMatchObject({
      type,
      message: expect.stringMatching(message),
    });
  });

  test('a url with a path, as behind a proxy, is kept', async () => {
    await expect(measure(`${server.url}/prom`, { query: 'up' })).rejects.toMatchObject({
      type: 'NotFound',
      message: expect.stringContaining('/prom/api/v1/query'),
    });
  });
});

test('nobody listens', async () => {
  await expect(measure(await closedUrl(), { query: 'up' })).rejects.toMatchObject({
    type: 'Unreachable',
  });
});

test('the token and the headers are sent, and a refusal names the token', async () => {
  const { url, received } = await listen((_, response) => answer(response, 401));
  const config = { query: 'up', tokenEnv: 'TEST_TOKEN', headers: { 'X-Scope-OrgID': 'shop' } };
  const failure = await measure(url, config).catch((error: Error) => error);
  expect(failure).toMatchObject({
    type: 'Unauthorized',
    message: expect.stringContaining('the token in TEST_TOKEN'),
  });
  expect((failure as Error).message).not.toContain('token-of-a-test');
  expect(received[0]).toMatchObject({
    path: '/api/v1/query',
    body: 'query=up',
    headers: { authorization: 'Bearer token-of-a-test', 'x-scope-orgid': 'shop' },
  });
});

test.each([
  [200, '<html>'],
  [200, { status: 'success', data: { resultType: 'table', result: [] } }],
  [
    200,
    { status: 'success', data: { resultType: 'vector', result: [{ metric: {}, value: ['x'] }] } },
  ],
  [400, 'no json either'],
])('an answer that is nonsense: %i %j', async (status, body) => {
  const { url } = await listen((_, response) => answer(response, status, body));
  await expect(measure(url, { query: 'up' })).rejects.toMatchObject({ type: 'BadAnswer' });
});

test('the configuration refuses what means nothing', () => {
  const problem = (config: object) =>
    prometheusConfigSchema.safeParse({
      adapter: 'prometheus',
      name: 'a',
      url: 'http://x',
      query: 'up',
      success: { below: 1 },
      ...config,
    }).error?.issues[0]?.path[0];
  expect(problem({})).toBeUndefined();
  expect(problem({ success: {} })).toBe('success');
  expect(problem({ success: { under: 1 } })).toBe('success');
  expect(problem({ range: { lookback: 'long' } })).toBe('range');
  expect(problem({ url: 'ftp://x' })).toBe('url');
  expect(problem({ query: ' ' })).toBe('query');
  expect(problem({ interval: '10ms' })).toBe('interval');
});
