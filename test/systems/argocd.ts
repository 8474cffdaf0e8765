import type { DeploySystem } from '../activities/deploy/contract.ts';
import { commitOf } from '../support/argocd/application.ts';
import { publishedDescription } from '../support/argocd/description.ts';
import { startArgoCd } from '../support/argocd/server.ts';
import { createValidator } from '../support/argocd/validator.ts';

let validate: ReturnType<typeof createValidator>;

/** Has Argo CD's own description here, against which every request and answer is held. */
export async function prepareArgoCd(): Promise<void> {
  validate = createValidator(await publishedDescription());
}

export const startValidated = () => startArgoCd(validate);

/** The stand-in in the hands of the contract's suite. */
export async function makeArgoCdSystem(): Promise<DeploySystem> {
  const { url, shop, begun, close } = await startValidated();

  const isOf = (key: string) => (one: (typeof begun)[number]) =>
    one.key === key || (one.kind === 'rollback' && key.includes('-rollback-'));

  return {
    url,
    config: (base) => ({
      adapter: 'argocd',
      url: base,
      application: 'shop',
      project: 'default',
      tokenEnv: 'ARGOCD_TOKEN',
      interval: '100ms',
    }),
    env: { ARGOCD_TOKEN: 'token-of-hotfix' },
    refs: ['v2', 'v3'],
    begins: ({ method }) => method === 'POST',
    begun: async (key) => begun.filter(isOf(key)).length,
    async hang() {
      shop.hangs = true;
    },
    async end(_key, outcome) {
      shop.hangs = false;
      if (!shop.operation) return;
      if (outcome === 'succeeded') shop.complete('Succeeded');
      else shop.complete('Failed', 'one or more synchronization tasks completed unsuccessfully');
    },
    live: async () => shop.applied,
    async forget() {
      delete shop.status.history;
      delete shop.status.operationState;
    },
    async changeByHand() {
      shop.changeByHand('by-hand');
      return commitOf('by-hand');
    },
    stopped: async (key) =>
      shop.status.operationState?.message === 'Operation terminated' &&
      shop.status.operationState.operation === begun.findLast(isOf(key))?.operation,
    async stopElsewhere() {
      shop.terminate();
      return /terminated in Argo CD, not from here/;
    },
    wrongCredential: async () => ({
      env: { ARGOCD_TOKEN: 'token-of-nobody' },
      says: /ARGOCD_TOKEN/,
    }),
    missingPermission: async () => ({
      env: { ARGOCD_TOKEN: 'token-of-a-reader' },
      says: /policy .*sync/,
    }),
    targetNotFound: async () => ({
      config: { application: 'shopp' },
      says: /check application, appNamespace and project/,
    }),
    refused: async () => ({ ref: 'v9-withdrawn', says: /unable to resolve 'v9-withdrawn'/ }),
    close,
  };
}
