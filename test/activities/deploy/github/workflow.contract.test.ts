import { workflow } from '../../../support/github/actions.ts';
import { startGitHub } from '../../../support/github/server.ts';
import { reader, repository, writer } from '../../../support/github/world.ts';
import { type DeploySystem, deployContract } from '../contract.ts';

async function make(): Promise<DeploySystem> {
  const github = await startGitHub();
  const { world, url, actions } = github;
  actions.byHand('v1');
  const finish = (key: string, conclusion: string) => {
    for (const one of actions.holding(key)) actions.finish(one, conclusion);
  };
  return {
    url,
    config: (apiUrl) => ({
      adapter: 'github-workflow',
      ...{ repository, apiUrl, workflow, tokenEnv: 'DEPLOY_TOKEN', interval: '100ms' },
      appearWithin: '500ms',
    }),
    env: { DEPLOY_TOKEN: writer },
    refs: ['v2', 'v3'],
    begins: ({ method, path }) => method === 'POST' && path.endsWith('/dispatches'),
    begun: async (key) => actions.holding(key).length,
    async hang() {
      world.hangs = true;
    },
    async end(key, outcome) {
      world.hangs = false;
      finish(key, outcome === 'succeeded' ? 'success' : 'failure');
    },
    live: async () => actions.live() ?? 'nothing',
    async forget() {
      actions.made.length = 0;
    },
    changeByHand: async () => {
      actions.byHand('v7');
      return 'v7';
    },
    stopped: async (key) => actions.holding(key).every(({ run }) => run.conclusion === 'cancelled'),
    async stopElsewhere(key) {
      finish(key, 'cancelled');
      return /ended as cancelled/;
    },
    wrongCredential: async () => ({
      env: { DEPLOY_TOKEN: 'github_pat_of_nobody' },
      says: /token in DEPLOY_TOKEN.*wrong, expired or revoked/,
    }),
    missingPermission: async () => ({
      env: { DEPLOY_TOKEN: reader },
      says: /DEPLOY_TOKEN.*permission actions: write/i,
    }),
    targetNotFound: async () => ({
      config: { workflow: 'deploi.yml' },
      says: /the workflow deploi\.yml in acme\/shop.*check it in the configuration/,
    }),
    refused: async () => ({
      ref: 'v9-withdrawn',
      says: /refuses to run deploy\.yml on main.*not in the list of allowed values/,
    }),
    close: () => github.close(),
  };
}

deployContract({ adapter: 'github-workflow', make });
