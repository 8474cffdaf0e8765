import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createPrometheusMeasure,
  prometheusConfigSchema,
} from '../../../src/activities/monitoring/prometheus.ts';
import type { Measure } from '../../../src/activities/monitoring/types.ts';
import type { MonitorProgress } from '../../../src/activities/types.ts';
import { findPrometheus, startPrometheus } from '../../support/prometheus.ts';
import { listen } from '../server.ts';
import { activityEnvironment, adapterDeps } from '../support.ts';
import { monitorRequest, watching } from './support.ts';

const prometheus = await findPrometheus();
if ('missing' in prometheus) console.warn(`Skipped, for want of Prometheus: ${prometheus.missing}`);

const hour = 3_600_000;

/** Asked several times a second, so that a test of many measurements is short. */
function measureOf(url: string, config: object = {}): Measure {
  const parsed = prometheusConfigSchema.parse({
    ...{ adapter: 'prometheus', name: 'errors', url, query: 'error_ratio' },
    ...{ success: { below: 0.01 }, ...config },
  });
  return { ...createPrometheusMeasure(parsed, adapterDeps()), interval: 200 };
}

/** An analysis that runs beside the test. */
function begin(measures: Measure[]) {
  const { execute, last } = activityEnvironment();
  const result = execute(watching(measures, hour), monitorRequest);
  const known = (index: number) => (last() as MonitorProgress | undefined)?.measures[index];
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await delay(20);
  };
  return { result, known, until };
}

describe.skipIf('missing' in prometheus)('when Prometheus', () => {
  let exporter: Server;
  let server: Awaited<ReturnType<typeof startPrometheus>>;

  beforeEach(async () => {
    exporter = createServer((_, response) => response.end('error_ratio 0.002\n'));
    await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
    const { port } = exporter.address() as AddressInfo;
    server = await startPrometheus('path' in prometheus ? prometheus.path : '', {
      shop: `127.0.0.1:${port}`,
    });
    await server.ready('error_ratio');
  });

  const closeExporter = () => {
    exporter.closeAllConnections();
    exporter.close();
  };

  afterEach(async () => {
    await server.stop();
    closeExporter();
  });

  test('goes down, that is an error and not a failure', async () => {
    const { result, known, until } = begin([measureOf(server.url)]);
    await until(() => (known(0)?.counts.passed ?? 0) >= 2);
    await server.kill();
    expect(await result).toMatchObject({
      outcome: 'error',
      measures: [{ outcome: 'error', counts: { error: 5, failed: 0 } }],
    });
    expect((await result).measures[0]?.summary).toContain('ECONNREFUSED');
  });

  test('is restarted in the middle, the analysis goes on', async () => {
    const measure = measureOf(server.url, { consecutiveErrorLimit: 1000, count: 8 });
    const { result, known, until } = begin([measure]);
    await until(() => (known(0)?.counts.passed ?? 0) >= 2);
    await server.kill();
    await until(() => (known(0)?.counts.error ?? 0) >= 2);
    server.start();
    const { outcome, measures } = await result;
    expect(outcome).toBe('passed');
    expect(measures[0]?.counts).toMatchObject({ passed: 8, failed: 0 });
    expect(measures[0]?.points.map(([, value]) => value)).toEqual(
      expect.arrayContaining([0.002, null]),
    );
  });

  test('is slow, other measures are not held up', async () => {
    const waiting: (() => void)[] = [];
    const gate = await listen(({ path, body, headers }, response) => {
      const forward = async () => {
        const type = headers['content-type'] ?? '';
        const options = { method: 'POST', body, headers: { 'content-type': type } };
        const answer = await fetch(`${server.url}${path}`, options);
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(await answer.text());
      };
      waiting.push(() => void forward());
    });
    const slow = measureOf(gate.url, { name: 'slow', count: 1, timeout: '1m' });
    const { result, known, until } = begin([slow, measureOf(server.url, { count: 6 })]);
    await until(() => known(1)?.outcome === 'passed');
    expect(known(0)).toMatchObject({ outcome: null, points: [] });
    expect(waiting).toHaveLength(1);
    waiting[0]?.();
    expect(await result).toMatchObject({
      outcome: 'passed',
      measures: [{ counts: { passed: 1 } }, { counts: { passed: 6 } }],
    });
  });

  test('hangs, each measurement is given up', async () => {
    const { url } = await listen(() => undefined);
    const { result } = begin([measureOf(url, { timeout: '100ms', consecutiveErrorLimit: 1 })]);
    const { outcome, measures } = await result;
    expect(outcome).toBe('error');
    expect(measures[0]?.summary).toContain('gave no answer within 100 ms');
  });

  test('has only stale data, that is none', async () => {
    closeExporter();
    const read = measureOf(server.url);
    const signal = new AbortController().signal;
    const look = () => read.measure({}, signal);
    while ((await look()).outcome === 'passed') await delay(50);
    expect(await look()).toEqual({
      outcome: 'inconclusive',
      value: null,
      summary: 'There is no data.',
    });
    const meant = measureOf(server.url, { noData: 'failure' });
    expect(await meant.measure({}, signal)).toMatchObject({ outcome: 'failed', value: null });
  });

  test('cannot run the query, each measurement says so in its words', async () => {
    const { result } = begin([measureOf(server.url, { query: 'sum(error_ratio' })]);
    expect(await result).toMatchObject({
      outcome: 'error',
      measures: [{ counts: { error: 5 }, summary: expect.stringMatching(/bad_data.*parse error/) }],
    });
  });
});
