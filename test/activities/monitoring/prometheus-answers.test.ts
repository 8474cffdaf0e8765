import { expect, test } from 'vitest';
import {
  createPrometheusMeasure,
  prometheusConfigSchema,
} from '../../../src/activities/monitoring/prometheus.ts';
import { answer, listen } from '../server.ts';
import { adapterDeps } from '../support.ts';
import { monitorRequest } from './support.ts';

const { signal } = new AbortController();

function measureOf(url: string, config: object = {}, now = new Date()) {
  const parsed = prometheusConfigSchema.parse({
    ...{ adapter: 'prometheus', name: 'errors', url, query: 'sum(rate(x[1m]))' },
    ...{ success: { below: 0.01 }, ...config },
  });
  return createPrometheusMeasure(parsed, adapterDeps({ now: () => now }));
}

const vector = (...values: string[]) => ({
  resultType: 'vector',
  result: values.map((value, index) => ({ metric: { n: `${index}` }, value: [1, value] })),
});
const says = (data: object, more: object = {}) =>
  listen((_, response) => answer(response, 200, { status: 'success', data, ...more }));

test('the parameters of the url are kept', async () => {
  const { url, received } = await says(vector('0'));
  await measureOf(`${url}/prom/?tenant=shop`).measure({}, signal);
  expect(received[0]?.path).toBe('/prom/api/v1/query?tenant=shop');
});

test('where POST is not allowed it is GET, from then on', async () => {
  const { url, received } = await listen(({ method }, response) =>
    method === 'GET'
      ? answer(response, 200, { status: 'success', data: vector('0') })
      : answer(response, 405),
  );
  const measure = measureOf(`${url}?tenant=shop`);
  expect(await measure.measure({}, signal)).toMatchObject({ outcome: 'passed' });
  await measure.measure({}, signal);
  expect(received.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
  const asked = new URL(received[1]?.path ?? '', url).searchParams;
  expect(Object.fromEntries(asked)).toEqual({ tenant: 'shop', query: 'sum(rate(x[1m]))' });
});

test.each([{ warnings: ['store 10.0.0.1: Unavailable'] }, { isPartial: true }])(
  'a partial answer is shown, and by choice inconclusive: %j',
  async (more) => {
    const { url } = await says(vector('0'), more);
    const shown = await measureOf(url).measure({}, signal);
    expect(shown).toMatchObject({
      outcome: 'passed',
      summary: expect.stringMatching(/Prometheus warns: ".*(Unavailable|partial)"\.$/),
    });
    const strict = measureOf(url, { onWarning: 'inconclusive' });
    expect(await strict.measure({}, signal)).toMatchObject({ outcome: 'inconclusive' });
  },
);

test.each([
  ['a native histogram', { resultType: 'vector', result: [{ metric: {}, histogram: [1, {}] }] }],
  ['a native histogram', { resultType: 'matrix', result: [{ metric: {}, histograms: [[1, {}]] }] }],
  ['lines of a log', { resultType: 'streams', result: [] }],
  ['"high", which is no number', vector('high')],
])('what is not a number gets a sentence: %s', async (what, data) => {
  const { url } = await says(data);
  await expect(measureOf(url).measure({}, signal)).rejects.toThrow(`The query gives ${what}`);
});

test('of several series the worst is shown', async () => {
  const { url } = await says(vector('0.02', '0.9', '0.03', '0'));
  expect(await measureOf(url).measure({}, signal)).toMatchObject({ outcome: 'failed', value: 0.9 });
});

test.each([
  [90, 60],
  [600, 300],
])(
  'a range begins at the deploy and after the window of its query: %i s after',
  async (after, start) => {
    const { url, received } = await says({ resultType: 'matrix', result: [] });
    const deployed = Date.parse(monitorRequest.deployedAt);
    const measure = measureOf(
      url,
      { range: { lookback: '5m' } },
      new Date(deployed + after * 1000),
    );
    await measure.measure({}, signal, monitorRequest);
    const asked = new URLSearchParams(received[0]?.body);
    expect(Number(asked.get('start')) - deployed / 1000).toBe(start);
  },
);
