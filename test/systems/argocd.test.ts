import { ActivityCancellationDetails, type CancelledFailure } from '@temporalio/common';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { argoCdConfigSchema, createArgoCdDeploy } from '../../src/activities/deploy/argocd.ts';
import type { Following } from '../../src/activities/deploy/types.ts';
import type { AdapterDeps } from '../../src/activities/deps.ts';
import type { DeployStep, LiveVersion } from '../../src/activities/types.ts';
import {
  activitiesWith,
  activityEnvironment,
  adapterDeps,
  deployStep,
} from '../activities/support.ts';
import { commitOf, timestamp } from '../support/argocd/application.ts';
import { publishedDescription } from '../support/argocd/description.ts';
import type { ArgoCd } from '../support/argocd/server.ts';
import { createValidator } from '../support/argocd/validator.ts';
import { prepareArgoCd, startValidated } from './argocd.ts';

let argoCd: ArgoCd;

beforeAll(prepareArgoCd);
beforeEach(async () => {
  argoCd = await startValidated();
});
afterEach(() => argoCd.close());

const target = { service: 'shop', environment: 'production' } as const;

/** A clock whose sleeps take no time, and let the controller go on meanwhile. */
function fastClock(): Pick<AdapterDeps, 'now' | 'monotonic' | 'sleep'> {
  let now = Date.now();
  return {
    now: () => new Date(now),
    monotonic: () => now,
    async sleep(milliseconds, signal) {
      now += milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
}

const followingBy = (signal: AbortSignal, isStopped: boolean): Following => ({
  ...{ report: () => undefined, signal, stopRequested: () => isStopped },
  ...{ leaving: new AbortController().signal, elapsed: () => 0 },
});

function connected(more: object = {}, token = 'token-of-hotfix') {
  const config = argoCdConfigSchema.parse({
    adapter: 'argocd',
    url: argoCd.url,
    application: 'shop',
    tokenEnv: 'ARGOCD_TOKEN',
    ...more,
  });
  const clock = fastClock();
  const adapter = createArgoCdDeploy(config, adapterDeps({ ...clock, secret: () => token }));
  const check = async () => await adapter.check?.(target, new AbortController().signal);
  return { adapter, check, ...activitiesWith({ deploy: adapter, ...clock }) };
}

const deploy = (more?: object, step: Partial<DeployStep> = {}) =>
  activityEnvironment().execute(connected(more).deploy, deployStep(step));

const undo = (before: LiveVersion | undefined, step: Partial<DeployStep> = {}) =>
  deployStep({
    idempotencyKey: 'hotfix-INC-1-rollback-production-1',
    undoes: deployStep().idempotencyKey,
    ...(before && { before }),
    ...step,
  });

const rollback = (step: DeployStep) => activityEnvironment().execute(connected().rollback, step);

const automate = () => {
  argoCd.shop.spec.syncPolicy = { automated: {} };
};

test('a deploy is told with its revision, its resources and where to look', async () => {
  const result = await deploy();
  expect(result).toMatchObject({
    outcome: 'succeeded',
    url: `${argoCd.url}/applications/shop`,
    before: { version: commitOf('v1'), restore: { id: '0' } },
  });
  expect(result.summary).toContain(`synced to ${commitOf('v2')}: Healthy.`);
  expect(result.summary).toContain(`OutOfSync with ${commitOf('main')}`);
  expect(result.output).toContain('Deployment shop/shop: Synced deployment.apps/shop configured');
  const infos = argoCd.begun[0]?.operation.info?.map(({ value }) => value);
  expect(infos).toEqual([
    'INC-1: Checkout is down',
    deployStep().idempotencyKey,
    JSON.stringify(result.before),
  ]);
});

test('the preflight says what is live and by whom', async () => {
  const access = await connected().check();
  expect(access).toMatchObject({ live: { version: commitOf('v1') } });
  expect(access?.summary).toMatch(/knows hotfix, who may sync and roll back shop.*entry 0, by ana/);
});

test.each(['unknown', 'asSync'] as const)(
  'rolling back is no right of its own: %s',
  async (rollback) => {
    argoCd.settings.rollback = rollback;
    await expect(connected().check()).resolves.toBeDefined();
  },
);

test('where it is a right of its own, the policy that is missing is named', async () => {
  argoCd.settings.rollback = 'enforced';
  await expect(connected().check()).rejects.toMatchObject({
    type: 'Forbidden',
    message: expect.stringContaining('`p, hotfix, applications, rollback, default/shop, allow`'),
  });
  const { before } = await deploy();
  await expect(rollback(undo(before))).rejects.toMatchObject({ type: 'Forbidden' });
});

test('where a revision takes the right to override, that is what is named', async () => {
  argoCd.settings.requiresOverride = true;
  await expect(deploy()).rejects.toMatchObject({
    type: 'Forbidden',
    message: expect.stringMatching(/applications, override, default\/shop.*a policy/),
  });
});

test('without a project, what is not there is as forbidden, and this is said', async () => {
  const failure = {
    type: 'Forbidden',
    message: expect.stringMatching(/no such application.*project/),
  };
  await expect(deploy({ application: 'shopp' })).rejects.toMatchObject(failure);
  await expect(connected({ application: 'shopp' }).check()).rejects.toMatchObject(failure);
});

test('automated sync stands in the way of both, and the preflight finds it', async () => {
  const { before } = await deploy();
  automate();
  const failure = {
    type: 'Refused',
    message: expect.stringMatching(/Automated sync is on for shop.*--sync-policy none/),
  };
  await expect(connected().check()).rejects.toMatchObject(failure);
  await expect(deploy({}, { ref: 'v3', idempotencyKey: 'another' })).rejects.toMatchObject(failure);
  await expect(rollback(undo(before))).rejects.toMatchObject(failure);
  expect(argoCd.begun).toHaveLength(1);
});

test('the target revision itself may be synced to in spite of it', async () => {
  automate();
  expect(await deploy({}, { ref: 'main' })).toMatchObject({ outcome: 'succeeded' });
});

test('one operation at a time: whose it is that is in the way', async () => {
  argoCd.shop.hangs = true;
  argoCd.shop.request({ sync: { revision: commitOf('v9') }, initiatedBy: { username: 'ben' } });
  await expect(deploy()).rejects.toMatchObject({
    type: 'Busy',
    nonRetryable: false,
    message: expect.stringMatching(new RegExp(`the operation of ben to ${commitOf('v9')}`)),
  });
  argoCd.shop.complete('Succeeded');
  argoCd.shop.hangs = false;
  expect(await deploy()).toMatchObject({
    outcome: 'succeeded',
    before: { version: commitOf('v9') },
  });
});

test('an operation that takes its place before its end was seen', async () => {
  const { adapter } = connected();
  const request = { ...deployStep(), action: 'deploy' } as const;
  const signal = new AbortController().signal;
  const run = await adapter.start(request, signal);
  argoCd.shop.complete('Succeeded');
  argoCd.shop.changeByHand('v9');
  const following = followingBy(signal, false);
  const finished = await adapter.follow(run, request, following);
  expect(finished.outcome).toBe('failed');
  expect(finished.summary).toMatch(/How the deploy of v2 ended is not known: the operation of ana/);
  expect(finished.summary).toContain(commitOf('v9'));
});

test('a lost answer, and somebody else since: it is not synced over that', async () => {
  const scheduledTimestampMs = Date.parse(timestamp());
  const { environment, execute } = activityEnvironment(undefined, 2);
  Object.assign(environment.context.info, { scheduledTimestampMs });
  await deploy();
  argoCd.shop.changeByHand('v9');
  await expect(execute(connected().deploy, deployStep())).rejects.toMatchObject({
    type: 'OutcomeUnknown',
    nonRetryable: true,
    message: expect.stringContaining(commitOf('v9')),
  });
  expect(argoCd.begun).toHaveLength(1);
});

test('the health of before the sync says nothing of it', async () => {
  argoCd.shop.healths = ['Degraded', 'Missing', 'Progressing', 'Unknown', 'Healthy'];
  expect(await deploy()).toMatchObject({ outcome: 'succeeded' });
});

test.each(['Degraded', 'Missing'])('%s for a minute is no success', async (health) => {
  argoCd.shop.healths = [health];
  const result = await deploy();
  expect(result.outcome).toBe('failed');
  expect(result.summary).toMatch(
    new RegExp(
      `has not made shop healthy.*${health}.*\\nDeployment shop/shop: ${health} \\(it is`,
      's',
    ),
  );
});

test('Suspended is waited for and told, unless it was so before', async () => {
  argoCd.shop.healths = ['Suspended'];
  await expect(deploy({ timeout: '1m' })).rejects.toMatchObject({
    type: 'TimedOut',
    message: expect.stringMatching(/within 1m \(last: .*Suspended: somebody has to let it go on/),
  });
  const again = await deploy({}, { ref: 'v3', idempotencyKey: 'another' });
  expect(again).toMatchObject({ outcome: 'succeeded' });
  expect(again.summary).toContain('Suspended, as before');
});

test('of several sources the one that is configured gets the ref', async () => {
  const source = { repoURL: 'https://git.example/values', path: '.', targetRevision: 'main' };
  argoCd.shop.spec.sources = [source, { ...source, path: 'shop' }];
  delete argoCd.shop.spec.source;
  const failure = { type: 'Refused', message: expect.stringContaining('shop has 2 sources') };
  await expect(connected().check()).rejects.toMatchObject(failure);
  await expect(deploy()).rejects.toMatchObject(failure);
  const result = await deploy({ sourcePosition: 2 });
  expect(result.summary).toContain(`${commitOf('main')}, ${commitOf('v2')}`);
  const { before } = await deploy({ sourcePosition: 2 }, { ref: 'v3', idempotencyKey: 'b' });
  expect(await rollback(undo(before, { ref: 'v3', undoes: 'b' }))).toMatchObject({
    outcome: 'succeeded',
  });
});

test('a ref for a position, where there is one source', async () => {
  await expect(deploy({ sourcePosition: 1 })).rejects.toMatchObject({
    type: 'Refused',
    message: expect.stringContaining('leave that out'),
  });
});

test('what is taken back is terminated where it still goes on', async () => {
  argoCd.shop.hangs = true;
  await expect(deploy({ timeout: '10s' })).rejects.toMatchObject({ type: 'TimedOut' });
  // A deploy that failed hands over nothing: its sync has kept what was live.
  const rolling = rollback(undo(undefined));
  while (argoCd.begun.length < 2) await new Promise((resolve) => setImmediate(resolve));
  argoCd.shop.hangs = false;
  const result = await rolling;
  expect(result).toMatchObject({ outcome: 'succeeded', before: { version: commitOf('v1') } });
  expect(argoCd.begun.map(({ kind }) => kind)).toEqual(['sync', 'rollback']);
});

test('an entry that the history no longer has', async () => {
  const { before } = await deploy();
  argoCd.shop.status.history?.shift();
  await expect(rollback(undo(before))).rejects.toMatchObject({
    type: 'NothingToGoBackTo',
    message: expect.stringMatching(/no longer has its entry 0: sync it to .* by hand/),
  });
});

test('an Application made anew, whose entries have the same ids', async () => {
  const { before } = await deploy();
  const [oldest] = argoCd.shop.status.history ?? [];
  if (oldest) oldest.revision = commitOf('of another');
  await expect(rollback(undo(before))).rejects.toMatchObject({ type: 'NothingToGoBackTo' });
});

test('a rollback that is found again though nobody knows what was before', async () => {
  argoCd.shop.hangs = true;
  await expect(deploy({ timeout: '10s' })).rejects.toMatchObject({ type: 'TimedOut' });
  argoCd.shop.complete('Failed', 'Operation terminated');
  const { adapter } = connected();
  const request = { ...undo(undefined), action: 'rollback' } as const;
  const signal = new AbortController().signal;
  await adapter.start(request, signal);
  const found = await adapter.find?.(request, signal);
  expect(found?.memory).toEqual({ username: 'hotfix', version: commitOf('v1') });
});

test('an older rollback to the same version is not taken for this one', async () => {
  const first = await deploy();
  await rollback(undo(first.before));
  const second = await deploy({}, { ref: 'v3', idempotencyKey: 'b' });
  expect(second.before?.version).toBe(first.before?.version);
  // As though the second deploy had begun nothing.
  const { adapter } = connected();
  const { history = [], operationState } = argoCd.shop.status;
  history.pop();
  if (operationState) {
    const sync = {
      ...operationState.operation.sync,
      revision: commitOf('v1'),
      syncStrategy: { apply: {} },
    };
    operationState.operation = { sync, initiatedBy: { username: 'hotfix' } };
  }
  const request = { ...undo(second.before, { undoes: 'b' }), action: 'rollback' } as const;
  expect(await adapter.find?.(request, new AbortController().signal)).toBeUndefined();
});

test('cancelled before Argo CD has begun it', async () => {
  const { adapter } = connected();
  const request = { ...deployStep(), action: 'deploy' } as const;
  const stop = new AbortController();
  const run = await adapter.start(request, stop.signal);
  argoCd.shop.hangs = true;
  stop.abort();
  const following = followingBy(stop.signal, true);
  const failure = await adapter.follow(run, request, following).catch((error: unknown) => error);
  expect((failure as CancelledFailure).message).toMatch(
    /The deploy of v2 was stopped on request \(Failed: "Operation terminated"\)/,
  );
  expect(argoCd.shop.status.operationState?.message).toBe('Operation terminated');
});

test('cancelled while its health is waited for: it is live, and that is said', async () => {
  argoCd.shop.healths = [...Array<string>(60).fill('Progressing'), 'Healthy'];
  const { environment, execute, beats } = activityEnvironment();
  const config = connected();
  const running = execute(config.deploy, deployStep()).catch((error: unknown) => error);
  const isWaiting = () => JSON.stringify(beats).includes('its health is Progressing');
  while (!isWaiting()) await new Promise((resolve) => setImmediate(resolve));
  environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
  expect(await running).toMatchObject({
    outcome: 'succeeded',
    summary: expect.stringMatching(/had synced shop already when it was cancelled/),
  });
});

test('what is not as described is noticed', async () => {
  const validate = createValidator(await publishedDescription());
  const exchange = {
    method: 'POST',
    path: '/api/v1/applications/shop/sync',
    status: 200,
    answer: {},
  };
  expect(validate({ ...exchange, body: '{"revision":"v2"}' })).toEqual([]);
  expect(validate({ ...exchange, body: '{"revison":"v2"}' })[0]).toContain('revison');
  expect(validate({ ...exchange, body: '{"revision":2}' })[0]).toContain('must be string');
  expect(validate({ ...exchange, body: '' })[0]).toContain('request: must be object');
  expect(validate({ ...exchange, body: '{}', answer: { spec: { projct: 'a' } } })[0]).toContain(
    'projct',
  );
  expect(validate({ ...exchange, body: '{}', path: `${exchange.path}?dry=1` })[0]).toContain('dry');
  expect(validate({ ...exchange, body: '{}', path: '/api/v1/application/shop' })[0]).toContain(
    'not described',
  );
});
