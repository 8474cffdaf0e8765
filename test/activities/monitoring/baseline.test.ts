import type { FastifyInstance } from 'fastify';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createShop } from '../../../examples/shop/app.ts';
import { startTraffic, type Traffic } from '../../../examples/shop/traffic.ts';
import { loadRelease } from '../../../examples/shop/versions.ts';
import { periodOf } from '../../../src/activities/monitoring/baseline-period.ts';
import {
  createPrometheusMeasure,
  prometheusConfigSchema,
} from '../../../src/activities/monitoring/prometheus.ts';
import type { MonitorResult } from '../../../src/activities/types.ts';
import { findPrometheus, startPrometheus } from '../../support/prometheus.ts';
import { activityEnvironment, adapterDeps } from '../support.ts';
import { monitorRequest, watching } from './support.ts';

test('a baseline reaches back from the impact, or from there to the deploy', () => {
  const times = {
    impactStartedAt: '2026-01-01T00:10:00.000Z',
    deployedAt: '2026-01-01T00:30:00.000Z',
  };
  const at = (minute: number) => Date.parse('2026-01-01T00:00:00.000Z') + minute * 60_000;
  expect(periodOf('before', times, 300_000)).toEqual({ from: at(5), to: at(10) });
  expect(periodOf('during', times, 300_000)).toEqual({ from: at(10), to: at(30) });
});

const prometheus = await findPrometheus();
if ('missing' in prometheus) console.warn(`Skipped, for want of Prometheus: ${prometheus.missing}`);

const sold = 'sum(rate(shop_http_requests_total{route="/checkout",status="200"}[2s]))';
const share = `${sold} / sum(rate(shop_http_requests_total{route="/checkout"}[2s]))`;

/** The share of checkouts that work, in the shop scraped by a real Prometheus. */
describe.skipIf('missing' in prometheus)('the example shop', () => {
  let server: Awaited<ReturnType<typeof startPrometheus>>;
  let shop: FastifyInstance | undefined;
  let traffic: Traffic;
  let port: number;
  let impactStartedAt: string;

  async function release(version: string): Promise<void> {
    await shop?.close();
    shop = createShop(version, await loadRelease(version));
    await shop.listen({ port, host: '127.0.0.1' });
  }

  async function analyse(config: object, change: object = {}): Promise<MonitorResult> {
    const parsed = prometheusConfigSchema.parse({
      ...{ adapter: 'prometheus', name: 'sold', url: server.url, query: share, count: 2 },
      ...{ baselineWindow: '2s', ...config },
    });
    const measure = createPrometheusMeasure(parsed, adapterDeps());
    const request = {
      ...{ ...monitorRequest, impactStartedAt, deployedAt: new Date().toISOString() },
      ...change,
    };
    const monitor = watching([{ ...measure, interval: 200 }], 3_600_000);
    return await activityEnvironment().execute(monitor, request);
  }

  const asBefore = { success: { atLeast: { of: 'before', factor: 0.8 } } };
  const better = { success: { above: { of: 'during', factor: 1.5 } } };

  beforeAll(async () => {
    // The shop logs each checkout that fails.
    vi.spyOn(console, 'error').mockReturnValue(undefined);
    port = await getPort();
    await release('v42');
    traffic = startTraffic(`http://127.0.0.1:${port}`, 20);
    const path = 'path' in prometheus ? prometheus.path : '';
    server = await startPrometheus(path, { shop: `127.0.0.1:${port}` });
    await server.ready(`min_over_time((${share})[3s:500ms]) > 0.9`);
    await server.ready(`count_over_time((${share})[3s:500ms]) >= 5`);
    impactStartedAt = new Date().toISOString();
    await release('v43');
    await server.ready(`max_over_time((${share})[2s:500ms]) < 0.3`);
  });

  afterAll(async () => {
    vi.restoreAllMocks();
    await traffic.stop();
    await server.stop();
    await shop?.close();
  });

  const lineOf = (result: MonitorResult, label: string) =>
    result.measures[0]?.thresholds.find((threshold) => threshold.label === label)?.value;

  test('that is broken is worse than before, and fails', async () => {
    const result = await analyse(asBefore);
    expect(result.outcome).toBe('failed');
    expect(lineOf(result, 'baseline before the impact')).toBeGreaterThan(0.9);
    expect(result.measures[0]?.summary).toMatch(
      /is not at least 0\.8 times the baseline before the impact \(/,
    );
  });

  test('without data of the time before, nothing can be said: none is not zero', async () => {
    const result = await analyse(asBefore, { impactStartedAt: '2026-01-01T00:00:00.000Z' });
    expect(result.outcome).toBe('inconclusive');
    expect(result.measures[0]).toMatchObject({
      thresholds: [],
      summary: expect.stringContaining('there is no data for the baseline before the impact'),
    });
  });

  test('deployed before the impact began, there is no time in between', async () => {
    const result = await analyse(better, { deployedAt: '2026-01-01T00:00:00.000Z' });
    expect(result.outcome).toBe('inconclusive');
  });

  test('with a baseline of several series is an error that says what to do', async () => {
    const query = 'rate(shop_http_requests_total{route="/checkout"}[2s])';
    const result = await analyse({ ...asBefore, query, consecutiveErrorLimit: 0 });
    expect(result.outcome).toBe('error');
    expect(result.measures[0]?.summary).toMatch(/gives \d+ series, and a baseline is of one/);
  });

  test('that is repaired is as good as before and better than during the impact', async () => {
    const deployedAt = new Date().toISOString();
    await release('v42');
    await server.ready(`(${share}) > 0.95`);
    const both = { success: { ...asBefore.success, ...better.success } };
    const result = await analyse(both, { deployedAt });
    expect(result.outcome).toBe('passed');
    const during = lineOf(result, 'baseline during the impact') ?? Number.NaN;
    expect(during).toBeLessThan(0.6);
    expect(lineOf(result, 'succeeds above 1.5 times the baseline during the impact')).toBeCloseTo(
      1.5 * during,
    );
  });
});
