import { startGitHub } from '../../../support/github/server.ts';
import { reader, repository, writer } from '../../../support/github/world.ts';
import { type DeploySystem, deployContract } from '../contract.ts';

async function make(): Promise<DeploySystem> {
  const github = await startGitHub();
  const { world, url, deployments } = github;
  deployments.byHand('v1');
  return {
    url,
    config: (apiUrl) => ({
      adapter: 'github-deployment',
      ...{ repository, apiUrl, tokenEnv: 'DEPLOY_TOKEN', interval: '100ms' },
    }),
    env: { DEPLOY_TOKEN: writer },
    refs: ['v2', 'v3'],
    begins: ({ method, path }) => method === 'POST' && path.endsWith('/deployments'),
    begun: async (key) => deployments.holding(key).length,
    async hang() {
      world.hangs = true;
    },
    async end(key, outcome) {
      world.hangs = false;
      const state = outcome === 'succeeded' ? 'success' : 'failure';
      for (const one of deployments.holding(key)) deployments.setStatus(one, state);
    },
    live: async () => deployments.live()?.sha ?? 'nothing',
    async forget() {
      deployments.made.length = 0;
    },
    changeByHand: async () => deployments.byHand('v7').ref,
    async stopElsewhere(key) {
      for (const one of deployments.holding(key)) deployments.setStatus(one, 'inactive');
      return /was made inactive, by hand or by a newer deployment/;
    },
    wrongCredential: async () => ({
      env: { DEPLOY_TOKEN: 'github_pat_of_nobody' },
      says: /token in DEPLOY_TOKEN.*wrong, expired or revoked/,
    }),
    missingPermission: async () => ({
      env: { DEPLOY_TOKEN: reader },
      says: /DEPLOY_TOKEN.*permission Deployments: ?write|deployments: write/,
    }),
    targetNotFound: async () => ({
      config: { repository: 'acme/shopp' },
      says: /acme\/shopp.*check it in the configuration/,
    }),
    refused: async () => ({
      ref: 'v9',
      says: /refuses to create a deployment of v9.*No ref found/,
    }),
    close: () => github.close(),
  };
}

deployContract({
  adapter: 'github-deployment',
  make,
  lacks: { stopped: 'GitHub cannot stop what carries a deployment out, and this is said' },
});
