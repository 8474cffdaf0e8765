import { afterAll, beforeAll, expect, test } from 'vitest';
import { deployOf, rollbackOf } from '../../activities/deploy/contract/bench.ts';
import { carriedOut, compose, failureOf } from '../../activities/deploy/contract/worker.ts';
import { KubernetesControlPlane } from '../../support/kubernetes/control-plane.ts';
import { type Kind, Shop } from './shop.ts';

let plane: KubernetesControlPlane;
beforeAll(async () => {
  plane = await KubernetesControlPlane.start();
});
afterAll(() => plane.stop());

const deploy = deployOf('v2', 2);

const check = async (shop: Shop) =>
  await compose(shop.setting()).adapter.check?.(
    { service: 'shop', environment: 'production' },
    new AbortController().signal,
  );

test.each<[Kind, string, string]>([
  ['Deployment', 'get', 'deployments'],
  ['Deployment', 'patch', 'deployments'],
  ['Deployment', 'list', 'replicasets'],
  ['StatefulSet', 'get', 'statefulsets'],
  ['StatefulSet', 'patch', 'statefulsets'],
  ['StatefulSet', 'list', 'controllerrevisions'],
  ['DaemonSet', 'patch', 'daemonsets'],
])('for a %s the right to %s %s is asked for by name', async (kind, verb, resource) => {
  const shop = await Shop.open(plane, { kind, without: { verb, resource } });
  await shop.settles();
  const right = `${verb} ${resource}`;
  for (const attempt of [check, (one: Shop) => carriedOut(one.setting(), 'deploy', deploy)]) {
    expect(await failureOf(attempt(shop) as Promise<unknown>)).toMatchObject({
      type: 'Forbidden',
      nonRetryable: true,
      message: expect.stringMatching(new RegExp(`${right}.*Role in the documentation`, 's')),
    });
  }
  expect(shop.patches(deploy.idempotencyKey)).toBe(0);
});

test('all rights that are missing are told at once, and only those', async () => {
  const shop = await Shop.open(plane);
  await shop.settles();
  await plane.remove(
    `/apis/rbac.authorization.k8s.io/v1/namespaces/${shop.namespace}/rolebindings/hotfix`,
  );
  const { message } = await failureOf(check(shop));
  expect(message).toContain(
    `Not allowed in namespace ${shop.namespace}: get deployments "shop", patch deployments "shop", list replicasets (apps).`,
  );
});

test('without the right to list pods it works, and says less', async () => {
  const shop = await Shop.open(plane, {
    without: { verb: 'list', resource: 'pods' },
    spec: { progressDeadlineSeconds: 2 },
  });
  await shop.settles();
  expect((await check(shop))?.summary).toContain('all rights to change it');
  const deployed = await carriedOut(shop.setting(), 'deploy', deploy);
  const back = await carriedOut(shop.setting(), 'rollback', rollbackOf('v2', deployed));
  expect([deployed.outcome, back.outcome]).toEqual(['succeeded', 'succeeded']);

  plane.freezePods();
  try {
    const stuck = await carriedOut(shop.setting(), 'deploy', deployOf('v3', 3));
    expect(stuck).toMatchObject({ outcome: 'failed' });
    expect(stuck.summary).toContain('ProgressDeadlineExceeded');
    expect(stuck.summary).not.toContain('Pending');
  } finally {
    plane.thawPods();
  }
});

test('the preflight warns of a workload that keeps no revisions', async () => {
  const shop = await Shop.open(plane, { spec: { revisionHistoryLimit: 0 } });
  await shop.settles();
  expect((await check(shop))?.summary).toContain('a rollback will find nothing to go back to');

  const deployed = await carriedOut(shop.setting(), 'deploy', deploy);
  await shop.keepsRevisions(1);
  const failure = await failureOf(
    carriedOut(shop.setting(), 'rollback', rollbackOf('v2', deployed)),
  );
  expect(failure).toMatchObject({ type: 'NothingToGoBackTo', nonRetryable: true });
});
