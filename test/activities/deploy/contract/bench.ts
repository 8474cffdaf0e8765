import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, test } from 'vitest';
import type { DeployResult, DeployStep } from '../../../../src/activities/types.ts';
import { deployStep } from '../../support.ts';
import { type FaultyProxy, startProxy } from './proxy.ts';
import type { Ability, Change, DeployContract, DeploySystem } from './system.ts';
import { type Action, carriedOut, type Setting, WorkerProcess } from './worker.ts';

/** What every test of the contract has before it: the system, the proxy and a data directory. */
export interface Bench {
  readonly system: DeploySystem;
  /** Throws for a system that is not spoken to over HTTP. */
  readonly proxy: FaultyProxy;
  setting(change?: Partial<Change>): Setting;
  /** An attempt in a process of its own, which is gone when the test is over. */
  worker(action: Action, step: DeployStep, details?: unknown): WorkerProcess;
  /** Deploys the first ref, then the second, so that there is something to go back from. */
  deployTwice(): Promise<DeployResult>;
}

export const keyOf = (action: Action, attempt: number): string =>
  `hotfix-INC-1-${action}-production-${attempt}`;

export const deployOf = (ref: string, attempt = 1): DeployStep =>
  deployStep({ ref, attempt, idempotencyKey: keyOf('deploy', attempt) });

/** Takes back the deploy of the second attempt. */
export const rollbackOf = (ref: string, deployed?: DeployResult): DeployStep => ({
  ...deployOf(ref, 2),
  idempotencyKey: keyOf('rollback', 2),
  undoes: keyOf('deploy', 2),
  ...(deployed?.before && { before: deployed.before }),
});

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(20);
}

/** Sets up a fresh bench before each test of the describe block that it is called in. */
export function useBench({ make }: DeployContract): Bench {
  let system: DeploySystem;
  let proxy: FaultyProxy | undefined;
  let dataDirectory: string;
  let workers: WorkerProcess[];

  beforeEach(async () => {
    workers = [];
    dataDirectory = mkdtempSync(join(tmpdir(), 'hotfix-contract-'));
    system = await make();
    proxy = system.url === undefined ? undefined : await startProxy(system.url);
  });
  afterEach(async () => {
    for (const worker of workers) await worker.kill();
    await proxy?.close();
    await system.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  const setting = ({ config, env }: Partial<Change> = {}): Setting => ({
    deploy: { ...system.config(proxy?.url ?? ''), ...config },
    env: { ...system.env, ...env },
    dataDirectory,
  });
  return {
    get system() {
      return system;
    },
    get proxy() {
      if (!proxy) throw new Error('this system is not spoken to over HTTP');
      return proxy;
    },
    setting,
    worker(action, step, details) {
      const worker = new WorkerProcess(setting(), action, step, details);
      workers.push(worker);
      return worker;
    },
    async deployTwice() {
      const [first, second] = system.refs;
      await carriedOut(setting(), 'deploy', deployOf(first));
      return await carriedOut(setting(), 'deploy', deployOf(second, 2));
    },
  };
}

type Body = () => Promise<void>;

/** Registers tests that need abilities: skipped, with the reason in their name, where one is lacking. */
export const testsOf =
  ({ lacks = {} }: DeployContract) =>
  (needs: Ability[], title: string, body: Body): void => {
    const lacking = needs.find((ability) => lacks[ability] !== undefined);
    if (lacking === undefined) test(title, body);
    else test.skip(`${title} (not here: ${lacks[lacking]})`, body);
  };
