import { ActivityCancellationDetails } from '@temporalio/common';
import { expect, test } from 'vitest';
import { githubWorkflowConfigSchema } from '../../../../src/activities/deploy/github/workflow.ts';
import { workflow } from '../../../support/github/actions.ts';
import { activityEnvironment } from '../../support.ts';
import { deployOf, keyOf, until } from '../contract/bench.ts';
import { compose, failureOf } from '../contract/worker.ts';
import { attempt, carriedOut, check, gitHubFor, settingOf } from './support.ts';

const base = { adapter: 'github-workflow', workflow, appearWithin: '500ms' };
const key = keyOf('deploy', 1);

test('the inputs are filled in as configured', async () => {
  const { url, actions } = await gitHubFor();
  const inputs = {
    ...{ action: 'please {action}', ref: 'refs/tags/{ref}', environment: '{environment}' },
    ...{ key: '{key}', region: 'eu' },
  };
  const runName = 'please {action} refs/tags/{ref} to {environment} [{key}]';
  await attempt(settingOf({ ...base, inputs, runName }, url));
  expect(actions.made[0]?.inputs).toEqual({
    action: 'please deploy',
    ref: 'refs/tags/v2',
    environment: 'production',
    key,
    region: 'eu',
  });
});

test('a server that does not know return_run_details is asked without it, and the run found by its name', async () => {
  const { url, actions, violations } = await gitHubFor('ghes-3.19');
  const result = await attempt(settingOf(base, url));
  expect(result).toMatchObject({ outcome: 'succeeded' });
  expect(result.url).toBe(actions.made[0]?.run.html_url);
  expect(actions.made).toHaveLength(1);
  // What the stand-in has refused, once.
  expect(violations.splice(0)).toEqual(['"return_run_details" is not a permitted key of the body']);
});

test('a run that is listed late is waited for before another is started', async () => {
  const { url, world, actions } = await gitHubFor();
  const setting = settingOf({ ...base, appearWithin: '10s' }, url);
  world.hangs = true;
  actions.state.hidesFor = 2;
  const first = activityEnvironment();
  const running = first.execute(compose(setting).activities.deploy, deployOf('v2'));
  await until(() => actions.made.length === 1);
  const shutdown = new ActivityCancellationDetails({ workerShutdown: true });
  first.environment.cancel('WORKER_SHUTDOWN', shutdown);
  expect(await failureOf(running)).toMatchObject({ type: 'Interrupted' });

  world.hangs = false;
  for (const one of actions.made) one.hangs = false;
  // The heartbeats are lost.
  const result = await carriedOut(setting, 'deploy', deployOf('v2'), { attempt: 2 });
  expect(result).toMatchObject({ outcome: 'succeeded' });
  expect(actions.made).toHaveLength(1);
  expect(actions.made[0]?.hiddenFor).toBeLessThan(0);
});

test('a workflow whose run-name holds no key: said, since a crash could start it twice', async () => {
  const { url, actions } = await gitHubFor();
  actions.state.named = () => 'Deploy';
  const result = await attempt(settingOf(base, url));
  expect(result.summary).toMatch(/succeeded\. Its name does not hold the key/);
  expect((await check(settingOf(base, url)))?.summary).toContain('no run of it tells what is live');
});

test('and where the run is known by its name alone, what became of it is not known', async () => {
  const { url, actions, violations } = await gitHubFor('ghes-3.19');
  actions.state.named = () => 'Deploy';
  const failure = await failureOf(attempt(settingOf(base, url)));
  expect(failure).toMatchObject({ type: 'OutcomeUnknown', nonRetryable: true });
  expect(failure.message).toContain(`no run whose name holds ${key}`);
  expect(actions.made).toHaveLength(1);
  violations.length = 0;
});

test('a run of another environment or workflow is not what is live', async () => {
  const { url, actions } = await gitHubFor();
  actions.byHand('v1');
  actions.byHand('v7', 'staging');
  const other = actions.byHand('v3');
  other.path = '.github/workflows/docs.yml';
  const result = await attempt(settingOf(base, url));
  expect(result.before?.version).toBe('v1');
});

test('cancelled, but the run cannot be stopped: it is followed, and this is said', async () => {
  const { url, world, actions } = await gitHubFor();
  world.hangs = true;
  actions.state.cannotCancel = true;
  const { environment, execute, beats } = activityEnvironment();
  const running = execute(compose(settingOf(base, url)).activities.deploy, deployOf('v2'));
  await until(() => beats.some((beat) => beat !== null));
  environment.cancel();
  const before = beats.length;
  await until(() => beats.length > before + 1);
  const [made] = actions.made;
  if (made) actions.finish(made, 'success');
  expect(await running).toMatchObject({
    outcome: 'succeeded',
    summary: expect.stringMatching(/It was to be stopped before: that Run \d+ .* is not certain/),
  });
});

test.each([
  ['is switched off', 'disabled_manually', {}, 'Refused', /disabled_manually: enable it/],
  ['has no such branch', 'active', { branch: 'trunk' }, 'NotFound', /the branch trunk/],
])('the preflight finds that the workflow %s', async (_, state, more, type, message) => {
  const { url, actions } = await gitHubFor();
  actions.state.workflow = state;
  const failure = await failureOf(Promise.resolve(check(settingOf({ ...base, ...more }, url))));
  expect(failure).toMatchObject({ type, nonRetryable: true });
  expect(failure.message).toMatch(message);
});

test('the configuration refuses what could start twice', () => {
  const whole = { ...base, repository: 'acme/shop', tokenEnv: 'TOKEN' };
  const problemOf = (config: object) =>
    githubWorkflowConfigSchema.safeParse({ ...whole, ...config }).error?.issues[0];
  expect(problemOf({})).toBeUndefined();
  expect(problemOf({ inputs: { ref: '{ref}' } })?.message).toContain('{key}');
  expect(problemOf({ runName: 'Deploy {ref}' })?.message).toContain('{key}');
  expect(problemOf({ workflow: '../x.yml' })?.path).toEqual(['workflow']);
  expect(problemOf({ appearWithin: '1h' })?.path).toEqual(['appearWithin']);
});
