import { expect, test } from 'vitest';
import { createHttpProbe, httpProbeConfigSchema } from '../../../src/activities/monitoring/http.ts';
import { answer, closedUrl, listen } from '../server.ts';

function probe(url: string, config: object = {}, signal = new AbortController().signal) {
  const parsed = httpProbeConfigSchema.parse({ adapter: 'http', name: 'health', url, ...config });
  return createHttpProbe(parsed).measure({}, signal);
}

test.each([
  ['the expected status', 200, {}, 'passed', /^It answers 200 in \d+ ms\.$/],
  ['another status', 500, {}, 'failed', /^It answers 500 instead of 200: "all is well"$/],
  ['one of several', 204, { status: [200, 204] }, 'passed', /204/],
  ['none of several', 404, { status: [200, 204] }, 'failed', /instead of 200 or 204/],
  ['a redirect, which is not followed', 302, {}, 'failed', /It answers 302/],
  ['a redirect that is expected', 302, { status: 302 }, 'passed', /302/],
  ['the text in the body', 200, { bodyContains: 'is well' }, 'passed', /200/],
  [
    'another text',
    200,
    { bodyContains: 'is ill' },
    'failed',
    /does not contain "is ill": "all is well"/,
  ],
])('%s', async (_, status, config, outcome, summary) => {
  const { url } = await listen((__, response) =>
    answer(response, status, status === 204 ? '' : 'all is well', { location: '/login' }),
  );
  expect(await probe(url, config)).toEqual({
    outcome,
    value: expect.any(Number),
    summary: expect.stringMatching(summary),
  });
});

test('a slow answer', async () => {
  const { url } = await listen((_, response) => void setTimeout(() => answer(response, 200), 60));
  expect(await probe(url, { maxLatency: '20ms' })).toMatchObject({
    outcome: 'failed',
    summary: expect.stringMatching(/^It answers in \d+ ms, more than 20 ms\.$/),
  });
});

test('a service that is down, or hangs, is found to be ill', async () => {
  expect(await probe(await closedUrl())).toMatchObject({
    outcome: 'failed',
    summary: expect.stringContaining('ECONNREFUSED'),
  });
  const { url } = await listen(() => undefined);
  expect(await probe(url, { timeout: '100ms' })).toMatchObject({
    outcome: 'failed',
    summary: expect.stringContaining('no answer within 100 ms'),
  });
});

test.each(['http://no-such-name.invalid/', 'http://127.0.0.1:6667/'])(
  'what may be wrong on this side is an error and no failure: %s',
  async (url) => {
    expect(await probe(url)).toMatchObject({ outcome: 'error', value: null });
  },
);

test('a probe that is broken off has found nothing', async () => {
  const controller = new AbortController();
  const { url } = await listen(() => controller.abort(new Error('broken off')));
  await expect(probe(url, {}, controller.signal)).rejects.toThrow('broken off');
});
