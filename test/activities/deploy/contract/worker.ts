import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { type Clock, systemClock } from '../../../../src/activities/clock.ts';
import { isTransient } from '../../../../src/activities/failures.ts';
import type { ActivityDeps } from '../../../../src/activities/index.ts';
import type { DeployResult, DeployStep } from '../../../../src/activities/types.ts';
import { adaptersFor } from '../../../../src/config/adapters.ts';
import { parseConfig } from '../../../../src/config/load.ts';
import { activityEnvironment, silent, unlocked } from '../../support.ts';
import type { AdapterConfig } from './system.ts';

export type Action = 'deploy' | 'rollback';

/** What a worker is given: the same for each worker of a test. */
export interface Setting {
  deploy: AdapterConfig;
  env: Record<string, string>;
  dataDirectory: string;
}

const configOf = ({ deploy }: Setting): string =>
  JSON.stringify({ services: { shop: { deploy: { production: { deploy, rollback: deploy } } } } });

/** The adapters and the activities as a worker composes them. */
export function compose(
  setting: Setting,
  more: Pick<ActivityDeps, 'leaving'> = {},
  clock: Clock = systemClock,
) {
  const { env, dataDirectory } = setting;
  const adapters = adaptersFor(parseConfig(configOf(setting), env), {
    ...clock,
    environment: process.env,
    dataDirectory,
    logger: silent,
    secret: (name) => env[name] ?? '',
    pageOf: () => '',
  });
  const activities = unlocked({ ...adapters, logger: silent, ...clock, ...more });
  return { activities, adapter: adapters.services('shop', 'production').deploy };
}

const mostAttempts = 10;
const longestWait = 300;

/**
 * Carries the step out as Temporal would: what fails and may be gone is tried again, with what the
 * last heartbeat held. `details` and `attempt` are where an earlier worker's attempts ended.
 */
export async function carriedOut(
  setting: Setting,
  action: Action,
  step: DeployStep,
  { details, attempt = 1 }: { details?: unknown; attempt?: number } = {},
): Promise<DeployResult> {
  const { activities } = compose(setting);
  for (let held = details, number = attempt; ; number += 1) {
    const { execute, last } = activityEnvironment(held, number);
    try {
      return await execute(activities[action], step);
    } catch (error) {
      if (!isTransient(error) || number - attempt >= mostAttempts) throw error;
      await delay(Math.min(Number(error.nextRetryDelay ?? 0), longestWait));
      held = last() ?? held;
    }
  }
}

/** The failure of one attempt; fails where it does not fail. */
export async function failureOf(attempt: Promise<unknown>): Promise<ApplicationFailure> {
  const outcome = await attempt.then(
    (result) => new Error(`It did not fail: ${JSON.stringify(result)}`),
    (error: unknown) => error,
  );
  if (outcome instanceof ApplicationFailure) return outcome;
  throw outcome;
}

type Line = { heartbeat?: unknown; result?: DeployResult; error?: unknown };

/** An attempt in a process of its own, to be killed. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #output: string;

  constructor(setting: Setting, activity: Action, step: DeployStep, details?: unknown) {
    const { dataDirectory, env } = setting;
    const at = (name: string) => join(dataDirectory, name);
    [this.#log, this.#output] = [at('attempt.log'), at('attempt.out')];
    const attempt = {
      ...{ log: this.#log, config: configOf(setting), env, dataDirectory },
      ...{ activity, step, heartbeatDetails: details, attempt: 1 },
    };
    writeFileSync(at('attempt.json'), JSON.stringify(attempt));
    const output = openSync(this.#output, 'w');
    this.#child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'attempt.mjs'), at('attempt.json')],
      { stdio: ['ignore', output, output] },
    );
    closeSync(output);
  }

  /** Waits for a line that is as asked; fails with all it said where it has ended instead. */
  async says(isIt: (line: Line) => boolean): Promise<void> {
    while (!this.#lines().some(isIt)) {
      this.assertAlive();
      await delay(20);
    }
  }

  /** Throws where it has ended or failed, with what it said. */
  assertAlive(): void {
    const failed = this.#lines().some(({ error }) => error !== undefined);
    if (this.#child.exitCode === null && !failed) return;
    const said = [this.#output, this.#log]
      .filter(existsSync)
      .map((file) => readFileSync(file, 'utf8'));
    throw new Error(`The worker's process ended by itself: ${said.join('\n')}`);
  }

  /** Waits for something outside, as long as the process lives. */
  async until<T>(event: Promise<T>): Promise<T> {
    const abort = new AbortController();
    const watch = async () => {
      for (;;) {
        this.assertAlive();
        await delay(50, undefined, { signal: abort.signal });
      }
    };
    try {
      return (await Promise.race([event, watch()])) as T;
    } finally {
      abort.abort();
    }
  }

  /** What the server would hand to the next attempt. */
  get lastHeartbeat(): unknown {
    return this.#lines().findLast(({ heartbeat }) => heartbeat !== undefined)?.heartbeat;
  }

  async kill(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** Without a last line that the kill has cut off. */
  #lines(): Line[] {
    if (!existsSync(this.#log)) return [];
    const whole = readFileSync(this.#log, 'utf8').split('\n').slice(0, -1);
    return whole.map((line) => JSON.parse(line) as Line);
  }
}
