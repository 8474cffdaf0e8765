import { afterAll, beforeAll, expect, test } from 'vitest';
import { deployOf, rollbackOf } from '../../activities/deploy/contract/bench.ts';
import { carriedOut } from '../../activities/deploy/contract/worker.ts';
import { KubernetesControlPlane } from '../../support/kubernetes/control-plane.ts';
import { imageOf, type Kind, Shop } from './shop.ts';

let plane: KubernetesControlPlane;
beforeAll(async () => {
  plane = await KubernetesControlPlane.start();
});
afterAll(() => plane.stop());

const settingOf = (shop: Shop) => ({
  deploy: shop.config(),
  env: { SHOP_TOKEN: shop.token },
  dataDirectory: '/nowhere',
});

test.each<Kind>(['Deployment', 'StatefulSet', 'DaemonSet'])(
  'a %s is deployed and taken back to exactly what it was',
  async (kind) => {
    const shop = await Shop.open(plane, { kind });
    await shop.settles();
    const former = await shop.template();

    const deployed = await carriedOut(settingOf(shop), 'deploy', deployOf('v2', 2));
    console.log(deployed);
    expect(deployed).toMatchObject({ outcome: 'succeeded', before: { version: imageOf('v1') } });
    expect((await shop.template()).spec.containers[0]?.image).toBe(imageOf('v2'));

    const back = await carriedOut(settingOf(shop), 'rollback', rollbackOf('v2', deployed));
    console.log(back);
    expect(back).toMatchObject({ outcome: 'succeeded' });
    expect(await shop.template()).toEqual(former);
    console.log((await shop.read()).metadata, shop.patches(deployOf('v2', 2).idempotencyKey));
  },
);
