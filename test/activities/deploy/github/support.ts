import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DeployStep } from '../../../../src/activities/types.ts';
import { type GitHub, startGitHub } from '../../../support/github/server.ts';
import { repository, writer } from '../../../support/github/world.ts';
import { activityEnvironment } from '../../support.ts';
import { deployOf } from '../contract/bench.ts';
import type { AdapterConfig } from '../contract/system.ts';
import { carriedOut, compose, type Setting } from '../contract/worker.ts';

/** A stand-in of GitHub that ends with the test, which fails where anything was not as described. */
export async function gitHubFor(...description: Parameters<typeof startGitHub>): Promise<GitHub> {
  const github = await startGitHub(...description);
  onTestFinished(() => github.close());
  return github;
}

export function settingOf(config: AdapterConfig, apiUrl: string): Setting {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'hotfix-github-'));
  onTestFinished(() => rmSync(dataDirectory, { recursive: true, force: true }));
  const common = { repository, apiUrl, tokenEnv: 'DEPLOY_TOKEN', interval: '100ms' };
  return { deploy: { ...common, ...config }, env: { DEPLOY_TOKEN: writer }, dataDirectory };
}

/** One attempt, as the first of its step. */
export const attempt = (setting: Setting, step: DeployStep = deployOf('v2')) =>
  activityEnvironment().execute(compose(setting).activities.deploy, step);

export const check = (setting: Setting) =>
  compose(setting).adapter.check?.(
    { service: 'shop', environment: 'production' },
    new AbortController().signal,
  );

export { carriedOut };
