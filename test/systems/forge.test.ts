import { existsSync, readFileSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { type DeploySystem, deployContract } from '../activities/deploy/contract.ts';
import { Gitea } from './forge/gitea.ts';
import { Runner } from './forge/runner.ts';

let gitea: Gitea;
let runner: Runner;
let folder: string;
let owner: string;
let reader: string;
let repositories = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hotfix-forge-'));
  gitea = await Gitea.start();
  owner = await gitea.user('acme', { admin: true });
  reader = await gitea.user('visitor');
  runner = await Runner.start(gitea.url, await gitea.runnerToken(), folder);
});

afterAll(async () => {
  await runner?.stop();
  await gitea?.stop();
  await rm(folder, { recursive: true, force: true });
});

const workflow = `
name: Deploy
run-name: \${{ inputs.action }} \${{ inputs.ref }} to \${{ inputs.environment }} [\${{ inputs.key }}]
on:
  workflow_dispatch:
    inputs:
      action: { required: true }
      ref: { required: true }
      environment: { required: true }
      key: { required: false }
jobs:
  deploy:
    runs-on: host
    steps:
      - name: put it there
        run: '"${process.execPath}" deploy.mjs'
`;

/** What the workflow runs: the last line of live.log is what is live. */
const program = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
const { ref, key } = JSON.parse(readFileSync(process.env.GITHUB_EVENT_PATH, 'utf8')).inputs;
const told = () => !existsSync('ended.log') ? undefined : readFileSync('ended.log', 'utf8').split('\\n').find((line) => line.startsWith(key + ' '));
while (existsSync('hang') && !told()) await delay(20);
if (told()?.endsWith('failed')) process.exit(1);
appendFileSync('live.log', ref + '\\n');
`;

interface Run {
  id: number;
  display_title: string;
  status: string;
  html_url: string;
}

async function make(): Promise<DeploySystem> {
  repositories += 1;
  const repository = `acme/shop-${repositories}`;
  const at = (name: string) => join(folder, repository, name);
  await mkdir(at(''), { recursive: true });
  await writeFile(at('deploy.mjs'), program);
  await gitea.api(owner, 'POST', '/user/repos', {
    ...{ name: `shop-${repositories}`, auto_init: true, default_branch: 'main' },
  });
  await gitea.api(owner, 'POST', `/repos/${repository}/contents/.gitea/workflows/deploy.yml`, {
    ...{ content: Buffer.from(workflow).toString('base64'), branch: 'main', message: 'Deploys' },
  });

  const runs = async () => {
    const { workflow_runs } = await gitea.api<{ workflow_runs: Run[] }>(
      owner,
      'GET',
      `/repos/${repository}/actions/runs`,
    );
    return workflow_runs;
  };
  const holding = async (key: string) =>
    (await runs()).filter(({ display_title }) => display_title.includes(`[${key}]`));
  const untilOver = async (isIt: (run: Run) => boolean) => {
    while ((await runs()).some((run) => isIt(run) && run.status !== 'completed')) await delay(50);
  };

  async function byHand(ref: string): Promise<string> {
    await gitea.api(owner, 'POST', `/repos/${repository}/actions/workflows/deploy.yml/dispatches`, {
      ...{ ref: 'main', inputs: { action: 'deploy', ref, environment: 'production', key: '' } },
    });
    await untilOver(({ display_title }) => display_title.includes(ref));
    return ref;
  }
  await byHand('v1');

  return {
    url: gitea.url,
    config: (url) => ({
      adapter: 'github-workflow',
      ...{ repository, workflow: 'deploy.yml', tokenEnv: 'FORGE_TOKEN', apiUrl: `${url}/api/v1` },
      ...{ interval: '100ms', appearWithin: '500ms' },
    }),
    env: { FORGE_TOKEN: owner },
    refs: ['v2', 'v3'],
    begins: ({ method, path }) => method === 'POST' && path.includes('/dispatches'),
    begun: async (key) => (await holding(key)).length,
    hang: () => writeFile(at('hang'), ''),
    async end(key, outcome) {
      await appendFile(at('ended.log'), `${key} ${outcome}\n`);
      await rm(at('hang'), { force: true });
    },
    live: async () =>
      existsSync(at('live.log'))
        ? (readFileSync(at('live.log'), 'utf8').split('\n').at(-2) ?? '')
        : '',
    async forget() {
      for (const { id } of await runs()) {
        await gitea.api(owner, 'DELETE', `/repos/${repository}/actions/runs/${id}`);
      }
      await rm(at('live.log'));
    },
    changeByHand: () => byHand('v7'),
    async stopElsewhere(key) {
      const [run] = await holding(key);
      await gitea.press('acme', `${run?.html_url}/cancel`);
      return /ended as cancelled/;
    },
    wrongCredential: async () => ({
      env: { FORGE_TOKEN: '0123456789abcdef0123456789abcdef01234567' },
      says: /token in FORGE_TOKEN.*wrong, expired or revoked/,
    }),
    missingPermission: async () => ({
      env: { FORGE_TOKEN: reader },
      says: /token in FORGE_TOKEN may.*permission Actions: write/,
    }),
    targetNotFound: async () => ({
      config: { workflow: 'deploi.yml' },
      says: /the workflow deploi\.yml in acme\/shop-\d+.*check it in the configuration/,
    }),
    async close() {
      for (const { display_title } of await runs()) {
        const key = /\[(.*)\]$/.exec(display_title)?.[1];
        await appendFile(at('ended.log'), `${key} succeeded\n`);
      }
      await untilOver(() => true);
    },
  };
}

deployContract({
  adapter: 'github-workflow',
  make,
  lacks: {
    stopped: 'Gitea 1.26 has no call that cancels a run',
    refused: 'Gitea refuses a run by 403 and 404 alone',
  },
});
