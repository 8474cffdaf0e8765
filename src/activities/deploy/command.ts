import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CancelledFailure } from '@temporalio/common';
import { z } from 'zod';
import { duration, spell } from '../../process/duration.ts';
import type { AdapterDeps } from '../deps.ts';
import { messageOf, permanent, transient } from '../failures.ts';
import { inheritedFrom, programFields, secretsAmong, withoutSecrets } from '../program.ts';
import { type Obstacle, obstacleOf } from './obstacle.ts';
import { type Claim, type Ending, endOf, RunDirectory } from './run-directory.ts';
import type { Access, DeployAdapter, DeployRequest, Finished, Following, Run } from './types.ts';

export const commandConfigSchema = z
  .strictObject({
    adapter: z.literal('command'),
    ...programFields,
    timeout: duration
      .refine((value) => value >= 1000 && value <= 86_400_000, {
        error: 'must be from 1s to 24h',
      })
      .prefault('15m')
      .describe('It is stopped when it runs longer'),
    stopGrace: duration
      .refine((value) => value <= 600_000, { error: 'must be at most 10m' })
      .prefault('10s')
      .describe('What it gets between SIGTERM and SIGKILL when it is stopped'),
  })
  .describe('Runs a program');
export type CommandConfig = z.infer<typeof commandConfigSchema>;

const runner = fileURLToPath(new URL('./runner.mjs', import.meta.url));
const lookEvery = 250;
const claimWithin = 20_000;
const longestOutput = 8 * 1024;
const longestProgress = 1024;
/**
 * Runs a program as a process of its own, which outlives this worker. Its runner claims the step's
 * directory before it executes anything, so that of all workers and retries one runs it. Workers on
 * several machines must share the data directory.
 */
export function createCommandDeploy(config: CommandConfig, deps: AdapterDeps): DeployAdapter {
  const passed = Object.fromEntries(config.passEnv.map((name) => [name, deps.secret(name)]));
  const secrets = secretsAmong(Object.values(passed));
  const longestSecret = Math.max(0, ...secrets.map((value) => Buffer.byteLength(value)));
  const program = basename(config.command[0]);

  const directoryOf = (id: string) => new RunDirectory(resolve(deps.dataDirectory), id);

  const environmentFor = (request: DeployRequest): Record<string, string> => ({
    ...inheritedFrom(deps.environment),
    ...config.env,
    ...passed,
    ...describe(request),
  });

  async function find({ idempotencyKey }: DeployRequest): Promise<Run | undefined> {
    const claim = await directoryOf(idempotencyKey).claim();
    return claim && { id: idempotencyKey, startedAt: claim.startedAt };
  }

  async function start(request: DeployRequest, signal: AbortSignal): Promise<Run> {
    const directory = directoryOf(request.idempotencyKey);
    await prepare(directory);
    signal.throwIfAborted();
    const { startedAt } = await launch(directory, environmentFor(request));
    return { id: request.idempotencyKey, startedAt };
  }

  /** Starts a runner and waits until it, or one that was faster, has claimed the directory. */
  async function launch(directory: RunDirectory, env: Record<string, string>): Promise<Claim> {
    const log = join(directory.path, 'runner.log');
    const file = await open(log, 'a', 0o600);
    const { timeout, stopGrace, command } = config;
    const settings = [
      directory.path,
      String(timeout),
      String(stopGrace),
      resolve(config.cwd ?? '.'),
    ];
    const child = spawn(process.execPath, [runner, ...settings, ...command], {
      detached: true,
      stdio: ['ignore', file.fd, file.fd],
      env,
    });
    child.unref();
    const over = once(child, 'exit').then(
      () => 'it ended',
      (error: unknown) => messageOf(error),
    );
    const claimed = untilClaimed(directory);
    const problem = await Promise.race([over, claimed.then(() => undefined)]);
    await file.close();
    const claim = problem === undefined ? await claimed : await directory.claim();
    if (claim) return claim;
    const said = endOf(await readFile(log, 'utf8'), 500).trim();
    throw transient(
      'ProgramNotStarted',
      `The process that runs ${program} could not begin (${problem ?? 'no sign of it'}): ${said || 'it says nothing'}. Trying again is safe: of all such processes one runs it.`,
    );
  }

  async function untilClaimed(directory: RunDirectory): Promise<Claim | undefined> {
    const deadline = performance.now() + claimWithin;
    while (performance.now() < deadline) {
      const claim = await directory.claim();
      if (claim) return claim;
      await deps.sleep(20);
    }
    return undefined;
  }

  async function follow(run: Run, request: DeployRequest, following: Following): Promise<Finished> {
    const directory = directoryOf(run.id);
    const ending = await untilEnded(directory, request, following);
    const output = await outputOf(directory, longestOutput);
    return concluded(ending, output, run);
  }

  async function untilEnded(
    directory: RunDirectory,
    request: DeployRequest,
    { report, signal, stopRequested }: Following,
  ): Promise<Ending> {
    let shown = '';
    for (;;) {
      const ending = await look(directory, request);
      if (ending) return ending;
      if (stopRequested()) await directory.requestStop();
      else signal.throwIfAborted();
      const progress = await outputOf(directory, longestProgress);
      if (progress !== shown) report(progress);
      shown = progress;
      await deps.sleep(lookEvery, stopRequested() ? undefined : signal).catch(() => undefined);
    }
  }

  /** The ending, or undefined while it runs; throws where neither can be known. */
  async function look(
    directory: RunDirectory,
    request: DeployRequest,
  ): Promise<Ending | undefined> {
    const claim = await directory.claim();
    const alive = claim && (await directory.isAlive(claim, deps.monotonic()));
    // Read after the look at the runner: one that has ended has written its record before.
    const ending = await directory.ending();
    if (ending || alive) return ending;
    throw unknownOutcome(request, claim, claim && (await directory.survivor(claim)));
  }

  function unknownOutcome(request: DeployRequest, claim?: Claim, survivor?: number): Error {
    const begun = claim
      ? `The ${request.action} of ${request.ref} began at ${claim.startedAt}, and the process that watched ${program} vanished without a record of how it ended`
      : `The ${request.action} of ${request.ref} was begun by a worker whose run directory is not here (workers that deploy by command share one data directory)`;
    const still = survivor ? ` ${program} still runs, as process ${survivor}.` : '';
    return permanent(
      'OutcomeUnknown',
      `${begun}.${still} It is not run again, since it may have done its work: check what is live in ${request.environment} of ${request.service}, then deploy again as a new attempt.`,
    );
  }

  function concluded(ending: Ending, output: string, run: Run): Finished {
    if (ending.how === 'notStarted') throw notStarted(ending);
    const took = spell(Date.parse(ending.finishedAt) - Date.parse(run.startedAt));
    if (ending.how === 'cancelled') {
      throw new CancelledFailure(
        `${program} was stopped on request after ${took} ${means(ending)}: check what it left half done.`,
        [{ output }],
      );
    }
    const { finishedAt } = ending;
    const succeeded = ending.how === 'exited' && ending.code === 0;
    const outcome = succeeded ? 'succeeded' : 'failed';
    return { outcome, summary: summaryOf(ending, took), output, finishedAt };
  }

  function summaryOf(ending: Ending, took: string): string {
    if (ending.how === 'timedOut') {
      return `${program} did not end within ${spell(config.timeout)} and was stopped ${means(ending)}: check what it left half done.`;
    }
    if (ending.how === 'terminated') {
      return `${program} was stopped after ${took} because its machine was told to stop it: check what it left half done.`;
    }
    if (ending.code === 0) return `${program} succeeded after ${took}.`;
    const end =
      ending.code === null
        ? `was ended by ${ending.signal}`
        : `failed with exit code ${ending.code}`;
    return `${program} ${end} after ${took}: the end of its output says why.`;
  }

  const means = ({ killed }: Ending) =>
    killed
      ? `(by SIGKILL, since it was not gone ${spell(config.stopGrace)} after SIGTERM)`
      : '(by SIGTERM)';

  function notStarted({ problem = '' }: Ending): Error {
    const why =
      reasonOf(problem) ?? `${config.command[0]} could not be started (${problem || 'no reason'})`;
    return permanent('ProgramNotStarted', `Nothing was executed, because ${why}.`);
  }

  function reasonOf(problem: string): string | undefined {
    const path = config.command[0];
    const reasons: Record<Obstacle, string> = {
      notFound: `the program ${path} was not found: check command in the configuration, and the PATH of the worker`,
      notExecutable: `${path} may not be executed: make it executable (chmod +x) for the worker's user`,
      noDirectory: `the folder ${config.cwd} does not exist: check cwd in the configuration`,
    };
    return reasons[problem as Obstacle];
  }

  /** Whether it could be started; nothing is. */
  async function check(): Promise<Access> {
    const path = config.env.PATH ?? deps.environment.PATH;
    const obstacle = await obstacleOf(config.command[0], resolve(config.cwd ?? '.'), path);
    if (obstacle === undefined) {
      return { summary: `${config.command[0]} is there and may be executed.` };
    }
    throw permanent('ProgramNotStarted', `It could not be executed: ${reasonOf(obstacle)}.`);
  }

  async function outputOf(directory: RunDirectory, bytes: number): Promise<string> {
    const text = await directory.tail(bytes + longestSecret);
    return endOf(withoutSecrets(text, secrets), bytes);
  }

  return { name: 'command', check, find, start, follow };
}

async function prepare(directory: RunDirectory): Promise<void> {
  try {
    await directory.create();
  } catch (error) {
    throw permanent(
      'DataDirectory',
      `Nothing was executed, because its run cannot be kept (${messageOf(error)}): make the data directory writable for the worker's user.`,
    );
  }
}

const describe = (request: DeployRequest): Record<string, string> => ({
  HOTFIX_ACTION: request.action,
  HOTFIX_INCIDENT_ID: request.incidentId,
  HOTFIX_SERVICE: request.service,
  HOTFIX_ENVIRONMENT: request.environment,
  HOTFIX_REF: request.ref,
  HOTFIX_ATTEMPT: String(request.attempt),
  HOTFIX_IDEMPOTENCY_KEY: request.idempotencyKey,
});
