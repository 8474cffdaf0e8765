import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/activities/clock.ts';
import type { DeployResult, DeployStep } from '../../../src/activities/types.ts';
import { deployOf, rollbackOf, until } from '../../activities/deploy/contract/bench.ts';
import { type FaultyProxy, startProxy } from '../../activities/deploy/contract/proxy.ts';
import { type Action, carriedOut, compose } from '../../activities/deploy/contract/worker.ts';
import { activityEnvironment } from '../../activities/support.ts';
import { KubernetesControlPlane } from '../../support/kubernetes/control-plane.ts';
import { forbidPods, mutateImages } from './policy.ts';
import { imageOf, Shop } from './shop.ts';

let plane: KubernetesControlPlane;
let shop: Shop;
let proxy: FaultyProxy;
beforeAll(async () => {
  plane = await KubernetesControlPlane.start();
});
afterAll(() => plane.stop());

beforeEach(async () => {
  shop = await Shop.open(plane);
  await shop.settles();
  proxy = await startProxy(plane.url);
});
afterEach(async () => {
  plane.thawPods();
  await proxy.close();
});

const deploy = deployOf('v2', 2);
const isPatch = ({ method }: { method: string }) => method === 'PATCH';

/** One attempt, with what it tells while it goes on. */
function begin(action: Action, step: DeployStep, change: object = {}, clock = systemClock) {
  const environment = activityEnvironment();
  const { activities } = compose(shop.setting(change), {}, clock);
  const running = environment.execute(activities[action], step);
  running.catch(() => undefined);
  const told = () =>
    environment.beats.map((beat) => (beat as { progress?: string } | null)?.progress ?? '');
  return {
    running,
    told,
    says: (text: RegExp) => until(() => told().some((one) => text.test(one))),
  };
}

const throughProxy = () => ({ server: proxy.url, caFile: undefined });

/** A deploy whose pods never become ready, to its end. */
async function stuck(step = deploy) {
  await shop.change({ progressDeadlineSeconds: 1 });
  await shop.settles();
  plane.freezePods();
  return await carriedOut(shop.setting(), 'deploy', step);
}

test('pods that do not become ready: the deadline is told, and which pods', async () => {
  const result = await stuck();
  expect(result.outcome).toBe('failed');
  expect(result.summary).toMatch(
    /ProgressDeadlineExceeded\): \d of 2 pods new, \d available, \d old; shop-\w+-\w+: Pending/,
  );
  expect(result.output).toMatch(/shop-\w+-\w+: Pending/);
});

test('a node that is not there', async () => {
  await shop.change({ progressDeadlineSeconds: 2, template: { spec: { nodeName: 'nowhere' } } });
  await shop.settles();
  const result = await carriedOut(shop.setting(), 'deploy', deploy);
  expect(result).toMatchObject({
    outcome: 'failed',
    summary: expect.stringContaining('ProgressDeadlineExceeded'),
  });
});

/** A deploy that got nowhere: its one pod was refused, and the former one is gone. */
async function refused(): Promise<{ deployed: DeployResult; allow: () => Promise<void> }> {
  await shop.change({
    replicas: 1,
    progressDeadlineSeconds: 1,
    strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
  });
  await shop.settles(({ status }) => status.replicas === 1);
  const allow = await forbidPods(plane, shop.namespace);
  const deployed = await carriedOut(shop.setting(), 'deploy', deploy);
  expect(deployed.outcome).toBe('failed');
  expect(deployed.summary).toMatch(/ProgressDeadlineExceeded.*pods cannot be made: .*no more pods/);
  return { deployed, allow };
}

test('an exceeded deadline of before does not end the rollback of it', async () => {
  const { deployed, allow } = await refused();
  // No template changes by this, and the condition stands on.
  await shop.change({ progressDeadlineSeconds: 600 });
  const { running, says } = begin('rollback', rollbackOf('v2', deployed));
  await says(/0 of 1 pod new/);
  expect(isExceeded(await shop.settles())).toBe(true);
  await allow();
  expect(await running).toMatchObject({ outcome: 'succeeded' });
});

test('a rollback that gets nowhere either exceeds a deadline of its own', async () => {
  const { deployed, allow } = await refused();
  const result = await carriedOut(shop.setting(), 'rollback', rollbackOf('v2', deployed));
  expect(result).toMatchObject({
    outcome: 'failed',
    summary: expect.stringContaining('The rollback of v2 exceeded the progress deadline'),
  });
  await allow();
});

const isExceeded = ({ status }: { status: { conditions?: { reason: string }[] } }) =>
  status.conditions?.some(({ reason }) => reason === 'ProgressDeadlineExceeded') ?? false;

test('how far it is, while it goes on', async () => {
  plane.freezePods();
  const { running, says } = begin('deploy', deploy);
  await says(/1 of 2 pods new, 2 available, 2 old\nshop-\w+-\w+: Pending/);
  plane.thawPods();
  expect(await running).toMatchObject({ outcome: 'succeeded' });
});

test('an image set by hand while it rolls out ends it, and is left alone', async () => {
  plane.freezePods();
  const { running, says } = begin('deploy', deploy);
  await says(/1 of 2/);
  await shop.setImage(imageOf('by-hand'));
  expect(await running).toMatchObject({
    outcome: 'failed',
    summary: expect.stringMatching(/Somebody else changed .* with .*shop:by-hand/),
  });
  expect((await shop.template()).spec.containers[0]?.image).toBe(imageOf('by-hand'));
});

test('another number of replicas while it rolls out, and other annotations, do not', async () => {
  plane.freezePods();
  const { running, says } = begin('deploy', deploy);
  await says(/1 of 2/);
  await shop.change({ replicas: 3 });
  await plane.patch(shop.path, { metadata: { annotations: { 'example.com/on-call': 'ana' } } });
  await says(/of 3 pods new/);
  plane.thawPods();
  expect(await running).toMatchObject({
    outcome: 'succeeded',
    summary: expect.stringContaining('3 of 3 pods new'),
  });
});

test('gone while it rolls out', async () => {
  plane.freezePods();
  let skipped = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skipped };
  const { running, says } = begin('deploy', deploy, {}, clock);
  await says(/1 of 2/);
  await shop.remove();
  await says(/There is no/);
  skipped = 6 * 60_000;
  await expect(running).rejects.toMatchObject({ type: 'OutcomeUnknown', nonRetryable: true });
});

test('a change between the decision and the patch that is none of the template: one patch', async () => {
  const gate = proxy.hold('request', isPatch);
  const { running } = begin('deploy', deploy, throughProxy());
  await gate.reached;
  await shop.change({ replicas: 3 });
  gate.open();
  expect(await running).toMatchObject({ outcome: 'succeeded' });
  expect(shop.patches(deploy.idempotencyKey)).toBe(1);
  // The controller's own writes that follow the change may refuse a second one as well.
  expect(proxy.seen.filter(isPatch).length).toBeGreaterThan(1);
  expect((await shop.read()).spec.replicas).toBe(3);
});

test('an image set by hand between the two: decided anew, and what was live is that', async () => {
  const gate = proxy.hold('request', isPatch);
  void gate.reached.then(async () => {
    await shop.setImage(imageOf('by-hand'));
    gate.open();
  });
  const result = await carriedOut(shop.setting(throughProxy()), 'deploy', deploy);
  expect(result).toMatchObject({ outcome: 'succeeded', before: { version: imageOf('by-hand') } });
  expect(shop.patches(deploy.idempotencyKey)).toBe(1);

  await carriedOut(shop.setting(), 'rollback', rollbackOf('v2', result));
  expect((await shop.template()).spec.containers[0]?.image).toBe(imageOf('by-hand'));
});

test('many workers at once: one patch, and all see the same end', async () => {
  const results = await Promise.all(
    Array.from({ length: 6 }, () => carriedOut(shop.setting(), 'deploy', deploy)),
  );
  expect(results.every(({ outcome }) => outcome === 'succeeded')).toBe(true);
  expect(new Set(results.map(({ startedAt }) => startedAt)).size).toBe(1);
  expect(shop.patches(deploy.idempotencyKey)).toBe(1);
  expect((await shop.read()).metadata.generation).toBe(2);
});

test('undone by kubectl while no worker looked: found, told, and not begun again', async () => {
  const gate = proxy.hold('answer', isPatch);
  const { running } = begin('deploy', deploy, throughProxy());
  await gate.reached;
  await shop.settles();
  await shop.undo();
  gate.cut();
  await expect(running).rejects.toMatchObject({ nonRetryable: false });

  expect(await carriedOut(shop.setting(), 'deploy', deploy, { attempt: 2 })).toMatchObject({
    outcome: 'failed',
    summary: expect.stringContaining('Somebody else changed'),
  });
  expect(shop.patches(deploy.idempotencyKey)).toBe(1);
  expect((await shop.template()).spec.containers[0]?.image).toBe(imageOf('v1'));
});

test('undone by kubectl before the rollback: there is nothing left to do', async () => {
  const deployed = await carriedOut(shop.setting(), 'deploy', deploy);
  await shop.undo();
  const rollback = rollbackOf('v2', deployed);
  expect(await carriedOut(shop.setting(), 'rollback', rollback)).toMatchObject({
    outcome: 'succeeded',
    summary: expect.stringContaining(imageOf('v1')),
  });
  expect(shop.patches(rollback.idempotencyKey)).toBe(0);
});

test('the former template is no longer kept', async () => {
  const deployed = await carriedOut(shop.setting(), 'deploy', deploy);
  await shop.keepsRevisions(0);
  const rollback = carriedOut(shop.setting(), 'rollback', rollbackOf('v2', deployed));
  await expect(rollback).rejects.toMatchObject({
    type: 'NothingToGoBackTo',
    nonRetryable: true,
    message: expect.stringMatching(/shop:v1, kept as shop-\w+.*revisionHistoryLimit/),
  });
});

test('a cluster that makes something else of the image: it is followed, and taken back', async () => {
  await mutateImages(plane, shop.namespace);
  // A policy holds once the server has noticed it.
  await until(async () => {
    await shop.setImage(imageOf('v1'));
    return (await shop.template()).metadata?.annotations?.mutated !== undefined;
  });
  await shop.settles();
  const former = await shop.template();

  const deployed = await carriedOut(shop.setting(), 'deploy', deploy);
  expect(deployed).toMatchObject({ outcome: 'succeeded' });
  expect((await shop.template()).metadata?.annotations?.mutated).toBe(imageOf('v2'));
  const back = await carriedOut(shop.setting(), 'rollback', rollbackOf('v2', deployed));
  expect(back).toMatchObject({ outcome: 'succeeded' });
  expect(await shop.template()).toEqual(former);
});
