import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/activities/clock.ts';
import { createHttpDeploy, httpDeployConfigSchema } from '../../../src/activities/deploy/http.ts';
import type { AdapterDeps } from '../../../src/activities/deps.ts';
import { answer, closedUrl, listen, type Received } from '../server.ts';
import {
  activitiesWith,
  activityEnvironment,
  adapterDeps,
  deployStep,
  webhookSecret,
} from '../support.ts';

const key = deployStep().idempotencyKey;

/** The POST may have begun the run: it is sent again, with the same key. */
const inDoubt = { type: 'OutcomeUnknown', nonRetryable: false };

/** A clock whose sleeps take no time and are kept. */
function fastClock() {
  let now = Date.now();
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date(now),
    monotonic: () => now,
    sleep: async (milliseconds: number) => {
      slept.push(milliseconds);
      now += milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function activities(url: string, more: object = {}, deps: Partial<AdapterDeps> = fastClock()) {
  const config = httpDeployConfigSchema.parse({
    adapter: 'http',
    url,
    secretEnv: 'TEST_WEBHOOK',
    ...more,
  });
  const { monotonic = systemClock.monotonic } = deps;
  return activitiesWith({ deploy: createHttpDeploy(config, adapterDeps(deps)), monotonic });
}

function run(url: string, more: object = {}, deps?: Partial<AdapterDeps>) {
  return activityEnvironment().execute(activities(url, more, deps).deploy, deployStep());
}

const isSigned = ({ body, headers }: Received) => {
  new Webhook(webhookSecret).verify(body, headers);
  return true;
};

test('a signed POST, then the status url until the end', async () => {
  const statuses = ['pending', 'running', 'succeeded'];
  const { url, received } = await listen((request, response) => {
    if (request.method === 'POST')
      return answer(response, 202, '', { location: '/runs/7?token=x' });
    const status = statuses.shift();
    answer(response, 200, {
      status,
      summary: `it is ${status}`,
      url: 'https://deploy.example/7',
      output: 'log',
    });
  });
  const { execute, beats } = activityEnvironment();

  const result = await execute(activities(`${url}/hook`).deploy, deployStep());

  expect(result).toMatchObject({
    outcome: 'succeeded',
    adapter: 'http',
    summary: 'it is succeeded',
    url: 'https://deploy.example/7',
    output: 'log',
  });
  const [post, ...polls] = received;
  expect(post).toMatchObject({ method: 'POST', path: '/hook' });
  expect(post?.headers).toMatchObject({ 'idempotency-key': key, 'webhook-id': key });
  expect(JSON.parse(post?.body ?? '')).toEqual({
    action: 'deploy',
    incidentId: 'INC-1',
    service: 'shop',
    environment: 'production',
    ref: 'v2',
    attempt: 1,
    idempotencyKey: key,
  });
  expect(polls.map(({ method, path }) => `${method} ${path}`)).toEqual(
    Array(3).fill('GET /runs/7?token=x'),
  );
  expect(received.every(isSigned)).toBe(true);
  expect(beats).toContainEqual(expect.objectContaining({ progress: 'it is pending' }));
});

test('a system that is done at once, and one that failed', async () => {
  const { url } = await listen((request, response) => {
    const failed = request.path === '/failed';
    answer(
      response,
      200,
      failed ? { status: 'failed', summary: 'no such image' } : { status: 'succeeded' },
    );
  });
  expect(await run(url)).toMatchObject({
    outcome: 'succeeded',
    summary: 'The deploy system says that the deploy of v2 succeeded.',
    output: '',
  });
  expect(await run(`${url}/failed`)).toMatchObject({ outcome: 'failed', summary: 'no such image' });
});

test('output is bounded', async () => {
  const { url } = await listen((_, response) =>
    answer(response, 200, { status: 'failed', output: 'é'.repeat(50_000) }),
  );
  const { output } = await run(url);
  expect(Buffer.byteLength(output)).toBeLessThanOrEqual(8192);
  expect(output).toMatch(/^é+$/);
});

test('a retry that knows of the run polls it and does not post again', async () => {
  const { url, received } = await listen((_, response) =>
    answer(response, 200, { status: 'succeeded' }),
  );
  const held = {
    adapter: 'http',
    run: { id: key, startedAt: new Date().toISOString(), memory: { statusUrl: `${url}/runs/7` } },
  };
  const { execute } = activityEnvironment(held);
  await execute(activities(url).deploy, deployStep());
  expect(received.map(({ method }) => method)).toEqual(['GET']);
});

test('a lost answer: the retry posts the same key again', async () => {
  const { url, received } = await listen((_, response, count) => {
    if (count === 1) response.destroy();
    else answer(response, 200, { status: 'succeeded' });
  });
  await expect(run(url)).rejects.toMatchObject(inDoubt);
  await run(url);
  expect(received.map(({ headers }) => headers['idempotency-key'])).toEqual([key, key]);
  expect(received[0]?.body).toBe(received[1]?.body);
});

test.each([
  [401, 'Unauthorized', true, /check the secret in TEST_WEBHOOK/],
  [403, 'Forbidden', true, /the right to do this/],
  [404, 'NotFound', true, /check the url/],
  [422, 'Refused', true, /refuses the request \(422\): "because of this"/],
  [500, 'OutcomeUnknown', false, /may have been begun.*fails \(500\): "because of this"/],
  [302, 'Refused', true, /redirects \(302\).*configure the final url/],
])('a POST that is answered by %i is %s', async (status, type, nonRetryable, message) => {
  const { url, received } = await listen((_, response) =>
    answer(response, status, 'because of this', { location: '/elsewhere' }),
  );
  await expect(run(url)).rejects.toMatchObject({
    type,
    nonRetryable,
    message: expect.stringMatching(message),
  });
  expect(received).toHaveLength(1);
});

test.each([
  [429, '7', 7_000],
  [503, '86400', 300_000],
  [429, undefined, undefined],
])(
  'a busy system (%i, Retry-After %s) is tried again after %s ms',
  async (status, after, delay) => {
    const { url } = await listen((_, response) =>
      answer(response, status, '', after === undefined ? {} : { 'retry-after': after }),
    );
    const failure: unknown = await run(url).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'Busy', nonRetryable: false });
    expect((failure as { nextRetryDelay?: number }).nextRetryDelay ?? undefined).toBe(delay);
  },
);

test('nobody listens', async () => {
  await expect(run(await closedUrl())).rejects.toMatchObject({
    type: 'Unreachable',
    nonRetryable: false,
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('a system that hangs, before its answer and in the middle of it', async () => {
  const { url } = await listen(({ path }, response) => {
    if (path === '/middle') response.writeHead(200).write('{');
  });
  const hanging = { requestTimeout: '100ms' };
  await expect(run(url, hanging)).rejects.toMatchObject(inDoubt);
  await expect(run(`${url}/middle`, hanging)).rejects.toMatchObject(inDoubt);
});

test.each([
  ['a page', '<html>'.repeat(100), /not JSON but "(<html>)+.*…"/],
  ['nothing', '', /not JSON but nothing/],
  ['another shape', { state: 'ok' }, /status: .*it says .*state/],
  ['an unknown status', { status: 'maybe' }, /status: /],
  ['no way to follow', { status: 'running' }, /neither statusUrl nor Location/],
  [
    'a status url elsewhere',
    { status: 'running', statusUrl: 'http://169.254.169.254/latest' },
    /http:\/\/169\.254\.169\.254\/latest is not of the same origin/,
  ],
  [
    'a status url that is none',
    { status: 'running', statusUrl: 'http://' },
    /not of the same origin/,
  ],
])('an answer that is nonsense: %s', async (_, body, message) => {
  const { url, received } = await listen((__, response) => answer(response, 200, body));
  const failure = await run(url).catch((error: Error) => error);
  expect(failure).toMatchObject(inDoubt);
  expect((failure as Error).message).toMatch(message);
  expect((failure as Error).message.length).toBeLessThan(500);
  expect(received).toHaveLength(1);
});

test('an endless answer is cut off', async () => {
  const { url } = await listen((_, response) => {
    const more = () => response.write('x'.repeat(65_536)) && setImmediate(more);
    response.on('drain', more);
    more();
  });
  await expect(run(url)).rejects.toMatchObject({
    ...inDoubt,
    message: expect.stringContaining('5 MiB'),
  });
});

test('polling goes on through what may pass, and waits as long as it is told', async () => {
  const polls: ((status: Parameters<typeof answer>[0]) => void)[] = [
    (response) => answer(response, 500, 'restarting'),
    // A GET is sent again at once where the connection was closed under it: only twice is a failure.
    (response) => response.destroy(),
    (response) => response.destroy(),
    (response) => answer(response, 429, '', { 'retry-after': '60' }),
    (response) => answer(response, 200, { status: 'succeeded' }),
  ];
  const { url } = await listen(({ method }, response) => {
    if (method === 'POST') answer(response, 200, { status: 'running', statusUrl: 'status' });
    else polls.shift()?.(response);
  });
  const clock = fastClock();
  expect(await run(url, { interval: '2s' }, clock)).toMatchObject({ outcome: 'succeeded' });
  expect(clock.slept).toEqual([2_000, 2_000, 60_000]);
});

test.each([
  [401, ''],
  [403, ''],
  [404, ''],
  [410, ''],
  [302, ''],
  [200, '<html>sign in</html>'],
])('a run is followed through answers of %i "%s" for five minutes', async (status, body) => {
  let refusals = 0;
  const { url } = await listen(({ method }, response) => {
    if (method === 'POST') return answer(response, 202, '', { location: '/status' });
    refusals += 1;
    if (refusals <= 5) return answer(response, status, body, { location: '/login' });
    return answer(response, 200, { status: 'succeeded' });
  });
  const { execute, beats } = activityEnvironment();
  const { deploy } = activities(url, { interval: '1m' });
  expect(await execute(deploy, deployStep())).toMatchObject({ outcome: 'succeeded' });
  expect(beats).toContainEqual(
    expect.objectContaining({ progress: expect.stringContaining('The deploy system') }),
  );
});

test('a run that cannot be asked for longer has an outcome that is not known', async () => {
  const { url } = await listen(({ method }, response) => {
    if (method === 'POST') {
      const begun = { status: 'running', statusUrl: '/status', url: 'https://deploy.example/7' };
      return answer(response, 200, begun);
    }
    return answer(response, 401, '');
  });
  const clock = fastClock();
  await expect(run(url, { interval: '1m' }, clock)).rejects.toMatchObject({
    type: 'OutcomeUnknown',
    nonRetryable: true,
    message: expect.stringMatching(
      /\(401\).*outcome is not known.*look there, at https:\/\/deploy\.example\/7.*production of shop/,
    ),
  });
  expect(clock.slept).toEqual(Array(5).fill(60_000));
});

test('an answer in between begins the five minutes again', async () => {
  const statuses = [401, 401, 401, 401, 200, 401, 401, 401, 401];
  const { url } = await listen(({ method }, response) => {
    if (method === 'POST') return answer(response, 202, '', { location: '/status' });
    const status = statuses.shift();
    if (status === 401) return answer(response, 401, '');
    return answer(response, 200, { status: status ? 'running' : 'succeeded' });
  });
  expect(await run(url, { interval: '1m' })).toMatchObject({ outcome: 'succeeded' });
});

test('a run that takes too long is not called an end', async () => {
  const { url } = await listen(({ method }, response) => {
    if (method === 'POST') answer(response, 202, '', { location: '/status' });
    else answer(response, 200, { status: 'running', summary: 'step 3 of 9' });
  });
  await expect(run(url, { timeout: '1m' })).rejects.toMatchObject({
    type: 'TimedOut',
    nonRetryable: true,
    message: expect.stringMatching(/within 1m \(last: step 3 of 9\).*may still go on/),
  });
});

test('a secret that is missing or is none is found at start', () => {
  const config = httpDeployConfigSchema.parse({
    adapter: 'http',
    url: 'http://x',
    secretEnv: 'A_SECRET',
  });
  expect(() => createHttpDeploy(config, adapterDeps())).toThrow('A_SECRET is not set');
  const deps = adapterDeps({ secret: () => 'not base64!' });
  expect(() => createHttpDeploy(config, deps)).toThrow(/A_SECRET is not a webhook secret/);
});
