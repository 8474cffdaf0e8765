import { afterAll, beforeAll, expect, test } from 'vitest';
import { deployOf, rollbackOf } from '../../activities/deploy/contract/bench.ts';
import { carriedOut, failureOf } from '../../activities/deploy/contract/worker.ts';
import { KubernetesControlPlane } from '../../support/kubernetes/control-plane.ts';
import { imageOf, type Kind, Shop } from './shop.ts';

let plane: KubernetesControlPlane;
beforeAll(async () => {
  plane = await KubernetesControlPlane.start();
});
afterAll(() => plane.stop());

const deploy = deployOf('v2', 2);

test.each<Kind>(['Deployment', 'StatefulSet', 'DaemonSet'])(
  'a %s is deployed and taken back to exactly what it was, by one patch each',
  async (kind) => {
    const shop = await Shop.open(plane, { kind });
    await shop.settles();
    const former = await shop.template();

    const deployed = await carriedOut(shop.setting(), 'deploy', deploy);
    expect(deployed).toMatchObject({ outcome: 'succeeded', before: { version: imageOf('v1') } });
    const count = kind === 'DaemonSet' ? 1 : 2;
    expect(deployed.summary).toMatch(
      new RegExp(`runs ${imageOf('v2')} after .*: ${count} of ${count} pods? new`),
    );
    expect(await shop.images()).toEqual([imageOf('v2')]);

    const rollback = rollbackOf('v2', deployed);
    const back = await carriedOut(shop.setting(), 'rollback', rollback);
    expect(back.outcome).toBe('succeeded');
    expect(await shop.template()).toEqual(former);
    expect(await shop.images()).toEqual([imageOf('v1')]);

    expect(shop.patches(deploy.idempotencyKey)).toBe(1);
    expect(shop.patches(rollback.idempotencyKey)).toBe(1);
    expect((await shop.read()).metadata.generation).toBe(3);
  },
);

test('the rights are those of the documentation as they stand there', async () => {
  const shop = await Shop.open(plane, { namespace: 'production' });
  await shop.settles();
  const deployed = await carriedOut(shop.setting(), 'deploy', deploy);
  const back = await carriedOut(shop.setting(), 'rollback', rollbackOf('v2', deployed));
  expect([deployed.outcome, back.outcome]).toEqual(['succeeded', 'succeeded']);
});

test('the same image anew is a rollout too', async () => {
  const shop = await Shop.open(plane);
  await shop.settles();
  expect(await carriedOut(shop.setting(), 'deploy', deployOf('v1'))).toMatchObject({
    outcome: 'succeeded',
    summary: expect.stringContaining('2 of 2 pods new'),
  });
  expect((await shop.read()).metadata.generation).toBe(2);
});

test('a partition holds pods back, and this is said', async () => {
  const spec = { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } };
  const shop = await Shop.open(plane, { kind: 'StatefulSet', spec });
  await shop.settles();
  expect(await carriedOut(shop.setting(), 'deploy', deploy)).toMatchObject({
    outcome: 'succeeded',
    summary: expect.stringMatching(/1 of 1 pod new.*holds back the first 1.*set it to 0/),
  });
  expect(await shop.images()).toEqual([imageOf('v1'), imageOf('v2')]);
});

test.each<[Kind, object, RegExp]>([
  ['Deployment', { paused: true }, /kubectl rollout resume deployment\/shop/],
  [
    'StatefulSet',
    { updateStrategy: { type: 'OnDelete', rollingUpdate: null } },
    /set it to RollingUpdate/,
  ],
  [
    'DaemonSet',
    { updateStrategy: { type: 'OnDelete', rollingUpdate: null } },
    /set it to RollingUpdate/,
  ],
])('a %s that would roll out nothing is not touched', async (kind, spec, says) => {
  const shop = await Shop.open(plane, { kind });
  await shop.settles();
  await shop.change(spec);
  await shop.settles();
  const failure = await failureOf(carriedOut(shop.setting(), 'deploy', deploy));
  expect(failure).toMatchObject({ type: 'Refused', message: expect.stringMatching(says) });
  expect(shop.patches(deploy.idempotencyKey)).toBe(0);
});

test('of two containers the one that is named gets the image', async () => {
  const shop = await Shop.open(plane);
  const proxy = { name: 'proxy', image: 'registry.example.com/proxy:v7' };
  await shop.addContainer(proxy);
  await shop.settles();

  const unnamed = await failureOf(carriedOut(shop.setting(), 'deploy', deploy));
  expect(unnamed.message).toMatch(/several containers \(proxy, shop\)/);
  const wrong = shop.setting({ container: 'web' });
  expect(await failureOf(carriedOut(wrong, 'deploy', deploy))).toMatchObject({ type: 'NotFound' });

  const right = shop.setting({ container: 'shop' });
  expect(await carriedOut(right, 'deploy', deploy)).toMatchObject({ outcome: 'succeeded' });
  expect((await shop.template()).spec.containers.map(({ image }) => image)).toEqual([
    proxy.image,
    imageOf('v2'),
  ]);
});

test('a kubeconfig file, and a context of it', async () => {
  const shop = await Shop.open(plane);
  await shop.settles();
  const access = {
    server: undefined,
    tokenEnv: undefined,
    caFile: undefined,
    kubeconfig: plane.kubeconfig(shop.token),
    context: 'here',
  };
  expect(await carriedOut(shop.setting(access), 'deploy', deploy)).toMatchObject({
    outcome: 'succeeded',
  });
});

test('a certificate that is not trusted is told, with what to check', async () => {
  const shop = await Shop.open(plane);
  const failure = await failureOf(
    carriedOut(shop.setting({ caFile: undefined }), 'deploy', deploy),
  );
  expect(failure).toMatchObject({
    type: 'Unreachable',
    message: expect.stringMatching(/certificate is not trusted: check caFile/),
  });
});
