import type { DeploySystem } from '../../activities/deploy/contract.ts';
import type { KubernetesControlPlane } from '../../support/kubernetes/control-plane.ts';
import { imageOf, type Kind, Shop } from './shop.ts';

/** A tag that the cluster's policy does not let in. */
export const withdrawn = 'v9-withdrawn';

/** A shop in a real cluster, as the contract of deploys takes it. */
export async function openSystem(
  plane: KubernetesControlPlane,
  kind: Kind = 'Deployment',
): Promise<DeploySystem> {
  const shop = await Shop.open(plane, { kind });
  await shop.settles();
  const { namespace } = shop;

  return {
    url: plane.url,
    config: (base) => shop.config(base),
    env: { SHOP_TOKEN: shop.token },
    refs: ['v2', 'v3'],
    begins: ({ method }) => method === 'PATCH',
    begun: async (key) => Math.max(shop.patches(key), await shop.records(key)),
    live: async () => JSON.stringify(await shop.template()),
    async changeByHand() {
      const image = imageOf('by-hand');
      await shop.setImage(image);
      await shop.settles();
      return image;
    },
    hang: async () => plane.freezePods(),
    async end(_key, outcome) {
      if (outcome === 'failed') await shop.change({ progressDeadlineSeconds: 1 });
      else plane.thawPods();
    },
    async stopElsewhere() {
      await shop.undo();
      return /Somebody else changed .* registry\.example\.com\/shop:v1/;
    },
    async wrongCredential() {
      return { env: { SHOP_TOKEN: 'token-of-nobody' }, says: /check the token in SHOP_TOKEN/ };
    },
    async missingPermission() {
      await plane.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, {
        metadata: { name: 'visitor' },
      });
      const token = await plane.tokenOf(namespace, 'visitor');
      return { env: { SHOP_TOKEN: token }, says: /get deployments.*Role in the documentation/ };
    },
    async targetNotFound() {
      await shop.remove();
      return { says: /There is no Deployment shop in namespace .*check kind, namespace and name/ };
    },
    async refused() {
      return { ref: withdrawn, says: /denied request: v9-withdrawn was withdrawn/ };
    },
    close: () => shop.close(),
  };
}
