import { expect, test } from 'vitest';
import { githubDeploymentConfigSchema } from '../../../../src/activities/deploy/github/deployment.ts';
import { answer, listen } from '../../server.ts';
import { activityEnvironment } from '../../support.ts';
import { deployOf } from '../contract/bench.ts';
import { compose, failureOf } from '../contract/worker.ts';
import { attempt, carriedOut, check, gitHubFor, settingOf } from './support.ts';

const adapter = 'github-deployment';

test('GitHub verifies all status checks, unless the configuration chooses; the choice is in the result', async () => {
  const { url, deployments } = await gitHubFor();
  const failing = deployOf('v4');
  const failure = await failureOf(attempt(settingOf({ adapter }, url), failing));
  expect(failure).toMatchObject({ type: 'Refused', nonRetryable: true });
  expect(failure.message).toContain('Commit status checks failed for v4');
  expect(deployments.made).toEqual([]);

  const none = settingOf({ adapter, requiredContexts: [] }, url);
  const result = await attempt(none, failing);
  expect(result.summary).toContain('by the configuration no status check had to have passed');

  const some = settingOf({ adapter, requiredContexts: ['build', 'e2e'] }, url);
  expect((await attempt(some, deployOf('v3', 2))).summary).toContain(
    'checks had to have passed: build, e2e',
  );
  const all = await attempt(settingOf({ adapter }, url), deployOf('v2', 3));
  expect(all.summary).not.toContain('configuration');
});

test('the result has the log, and the statuses in their order', async () => {
  const { url } = await gitHubFor();
  const result = await attempt(settingOf({ adapter }, url));
  expect(result.url).toBe('https://ci.example.com/deployments/1');
  expect(result.output).toMatch(
    /^\S+ queued now queued\n\S+ in_progress now.*\n\S+ success now success$/,
  );
});

test('a state that is not known means that it goes on', async () => {
  const states = ['waiting', 'toString', 'success'];
  const { url } = await listen((_, response) =>
    answer(
      response,
      200,
      [{ state: states.shift() ?? 'failure', created_at: '2026-01-01T00:00:00Z' }],
      { 'content-type': 'application/json' },
    ),
  );
  const run = { id: '7', startedAt: '2026-01-01T00:00:00Z' };
  const { execute, beats } = activityEnvironment({ adapter, run }, 2);
  const { deploy } = compose(settingOf({ adapter }, url)).activities;
  expect(await execute(deploy, deployOf('v2'))).toMatchObject({ outcome: 'succeeded' });
  expect(beats.map((beat) => (beat as { progress?: string } | null)?.progress)).toEqual(
    expect.arrayContaining(['2026-01-01T00:00:00Z waiting', '2026-01-01T00:00:00Z toString']),
  );
  expect(states).toEqual([]);
});

test('an environment of another name is asked for by that name', async () => {
  const { url, deployments } = await gitHubFor();
  const setting = settingOf({ adapter, environment: 'prod-eu' }, url);
  await attempt(setting);
  expect(deployments.made[0]?.deployment.environment).toBe('prod-eu');
  expect((await check(setting))?.summary).toContain('in prod-eu v2 is live');
});

test('a payload that comes back as text is understood', async () => {
  const { url, deployments } = await gitHubFor();
  const setting = settingOf({ adapter }, url);
  await attempt(setting);
  const [made] = deployments.made;
  if (made) made.deployment.payload = JSON.stringify(made.deployment.payload);
  await carriedOut(setting, 'deploy', deployOf('v2'), { attempt: 2 });
  expect(deployments.made).toHaveLength(1);
});

test('what succeeded and was replaced before anybody looked has succeeded', async () => {
  const { url, world, deployments } = await gitHubFor();
  world.hangs = true;
  const running = attempt(settingOf({ adapter }, url));
  while (!deployments.made[0]) await new Promise((resolve) => setTimeout(resolve, 10));
  deployments.setStatus(deployments.made[0], 'success');
  deployments.setStatus(deployments.made[0], 'inactive');
  expect(await running).toMatchObject({ outcome: 'succeeded' });
});

test("a payload that is nobody's does no harm, and a deployment by hand is known as live", async () => {
  const { url, deployments } = await gitHubFor();
  deployments.byHand('v7').payload = 'not { json';
  const result = await attempt(settingOf({ adapter }, url));
  expect(result.before).toMatchObject({ version: 'v7', restore: { deployment: '1' } });
});

test.each([
  ['an archived repository', { archived: true }, 'Refused', /is archived/],
  ['who may only read', { permissions: { push: false } }, 'Forbidden', /owner needs write access/],
])('the preflight finds %s', async (_, repository, type, message) => {
  const { url } = await listen((__, response) =>
    answer(response, 200, repository, { 'content-type': 'application/json' }),
  );
  const failure = await failureOf(Promise.resolve(check(settingOf({ adapter }, url))));
  expect(failure).toMatchObject({ type, nonRetryable: true });
  expect(failure.message).toMatch(message);
});

const inAMinute = () => String(Math.ceil(Date.now() / 1000) + 60);

test.each([
  ['the hourly limit', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inAMinute() }],
  [
    'the hourly limit by 429',
    429,
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': inAMinute() },
  ],
  ['the secondary limit', 403, { 'retry-after': '60' }],
])('%s is Busy, not Forbidden, and is not waited for in the worker', async (_, status, headers) => {
  const { url, received } = await listen((__, response) =>
    answer(
      response,
      status,
      { message: 'You have exceeded a secondary rate limit.' },
      {
        'content-type': 'application/json',
        ...headers,
      },
    ),
  );
  const failure = await failureOf(attempt(settingOf({ adapter }, url)));
  expect(failure).toMatchObject({ type: 'Busy', nonRetryable: false });
  expect(Number(failure.nextRetryDelay)).toBeGreaterThan(30_000);
  expect(Number(failure.nextRetryDelay)).toBeLessThanOrEqual(61_000);
  expect(received).toHaveLength(1);
});

test('a repository that has moved is not followed to another place', async () => {
  const elsewhere = await listen((_, response) => answer(response, 200, []));
  const { url } = await listen((_, response) =>
    answer(response, 301, { message: 'Moved Permanently' }, { location: elsewhere.url }),
  );
  const failure = await failureOf(attempt(settingOf({ adapter }, url)));
  expect(failure).toMatchObject({ type: 'Refused', nonRetryable: true });
  expect(failure.message).toContain('acme/shop has moved (301)');
  expect(elsewhere.received).toEqual([]);
});

test.each([
  [
    'another shape',
    { deployments: [] },
    'application/json',
    /cannot be understood.*list the deployments.*"deployments/,
  ],
  ['a page', '<html>maintenance</html>', 'text/html', /cannot be understood.*maintenance/],
])('an answer that is nonsense: %s', async (_, body, type, message) => {
  const { url } = await listen((__, response) =>
    answer(response, 200, body, { 'content-type': type }),
  );
  const failure = await failureOf(attempt(settingOf({ adapter }, url)));
  expect(failure).toMatchObject({ type: 'BadAnswer', nonRetryable: true });
  expect(failure.message).toMatch(message);
});

test('a system that hangs is given up after requestTimeout', async () => {
  const { url } = await listen(() => undefined);
  const failure = await failureOf(attempt(settingOf({ adapter, requestTimeout: '100ms' }, url)));
  expect(failure).toMatchObject({ type: 'TimedOut', nonRetryable: false });
});

test('the configuration refuses what could not be asked', () => {
  const base = { adapter, repository: 'acme/shop', tokenEnv: 'TOKEN' };
  const problemOf = (config: object) =>
    githubDeploymentConfigSchema.safeParse({ ...base, ...config }).error?.issues[0];
  expect(problemOf({})).toBeUndefined();
  expect(problemOf({ repository: 'https://github.com/acme/shop' })?.path).toEqual(['repository']);
  expect(problemOf({ apiUrl: 'ftp://x' })?.path).toEqual(['apiUrl']);
  expect(problemOf({ requiredContexts: 'none' })?.path).toEqual(['requiredContexts']);
  expect(problemOf({ token: 'ghp_x' })?.code).toBe('unrecognized_keys');
  expect(githubDeploymentConfigSchema.parse({ ...base, apiUrl: 'https://g/api/v3/' }).apiUrl).toBe(
    'https://g/api/v3',
  );
});
