import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  commandConfigSchema,
  createCommandDeploy,
} from '../../../src/activities/deploy/command.ts';
import { machineId } from '../../../src/activities/deploy/process-identity.mjs';
import { activitiesWith, activityEnvironment, adapterDeps, deployStep } from '../support.ts';

let folder: string;
let started: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hotfix-command-'));
  started = [];
});

afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  for (const { runner, program } of runs()) {
    for (const id of [runner, program && -program]) if (id && id !== process.pid) tryKill(id);
  }
  rmSync(folder, { recursive: true, force: true });
});

const file = (name: string) => join(folder, name);
const runsFolder = () => file('data/runs');

function tryKill(id: number) {
  try {
    process.kill(id, 'SIGKILL');
  } catch {
    // It is gone, as it should be.
  }
}

const readJson = (path: string) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {});

/** The processes of the runs that have not ended. */
function runs() {
  if (!existsSync(runsFolder())) return [];
  return readdirSync(runsFolder())
    .map((name) => join(runsFolder(), name))
    .filter((path) => !existsSync(join(path, 'exit.json')))
    .map((path) => ({
      path,
      runner: readJson(join(path, 'claim.json')).pid as number | undefined,
      program: readJson(join(path, 'program.json')).pid as number | undefined,
    }));
}

/** A program in JavaScript; `count` lines of its log say how often it was run. */
function program(source: string): [string, ...string[]] {
  const path = file('program.mjs');
  const log = JSON.stringify(file('executed.log'));
  writeFileSync(
    path,
    `import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
     appendFileSync(${log}, 'executed\\n');
     const until = async (name) => { while (!existsSync(name)) await new Promise((r) => setTimeout(r, 20)); };
     ${source}`,
  );
  return [process.execPath, path];
}

const executions = () =>
  existsSync(file('executed.log'))
    ? readFileSync(file('executed.log'), 'utf8').split('\n').length - 1
    : 0;

const waitFile = (name: string) => `await until(${JSON.stringify(file(name))});`;

function configOf(command: [string, ...string[]], more: object = {}) {
  return commandConfigSchema.parse({ adapter: 'command', command, ...more });
}

function activities(command: [string, ...string[]], more: object = {}, environment = process.env) {
  const deps = adapterDeps({ dataDirectory: file('data'), environment });
  return activitiesWith({ deploy: createCommandDeploy(configOf(command, more), deps) });
}

async function until(condition: () => boolean) {
  while (!condition()) await delay(20);
}

test('a program that succeeds: its output, and what it is told by its environment', async () => {
  const command = program(`
    console.log(process.argv.slice(2).join('|'));
    console.log(JSON.stringify(process.env));`);
  const { deploy } = activities(
    [...command, 'a b', '$HOME; echo shell', '*'],
    { env: { COLOR: 'blue', HOTFIX_REF: 'not this' }, passEnv: ['TEST_TOKEN'] },
    {
      PATH: process.env.PATH,
      HOME: '/home/of-test',
      SECRET_OF_THE_SERVICE: 'x',
      NODE_OPTIONS: '--no-warnings',
    },
  );
  const { execute } = activityEnvironment();

  const result = await execute(deploy, deployStep());

  expect(result).toMatchObject({ outcome: 'succeeded', adapter: 'command' });
  expect(result.summary).toMatch(/succeeded after/);
  const [args, env] = result.output.trim().split('\n');
  expect(args).toBe('a b|$HOME; echo shell|*');
  expect(JSON.parse(env ?? '')).toEqual({
    PATH: process.env.PATH,
    HOME: '/home/of-test',
    COLOR: 'blue',
    // Handed over, but never shown.
    TEST_TOKEN: '***',
    HOTFIX_ACTION: 'deploy',
    HOTFIX_INCIDENT_ID: 'INC-1',
    HOTFIX_SERVICE: 'shop',
    HOTFIX_ENVIRONMENT: 'production',
    HOTFIX_REF: 'v2',
    HOTFIX_ATTEMPT: '1',
    HOTFIX_IDEMPOTENCY_KEY: 'hotfix-INC-1/deploy/production/1',
  });
  expect(Date.parse(result.finishedAt)).toBeGreaterThanOrEqual(Date.parse(result.startedAt));
});

test('a rollback says so to the program', async () => {
  const { rollback } = activities(program('console.log(process.env.HOTFIX_ACTION)'));
  const { execute } = activityEnvironment();
  const result = await execute(rollback, deployStep({ idempotencyKey: 'another' }));
  expect(result).toMatchObject({ outcome: 'succeeded', output: 'rollback\n' });
});

test('a program that fails: exit code, and what it said on both outputs', async () => {
  const { deploy } = activities(
    program(`console.log('going'); console.error('no such image'); process.exitCode = 7;`),
  );
  const result = await activityEnvironment().execute(deploy, deployStep());
  expect(result.outcome).toBe('failed');
  expect(result.summary).toContain('exit code 7');
  expect(result.output).toContain('going');
  expect(result.output).toContain('no such image');
});

test('a program that is ended by a signal has failed', async () => {
  const { deploy } = activities(
    program(`process.kill(process.pid, 'SIGKILL'); await until('/never');`),
  );
  const result = await activityEnvironment().execute(deploy, deployStep());
  expect(result).toMatchObject({ outcome: 'failed' });
  expect(result.summary).toContain('SIGKILL');
});

test('much output is bounded on disk and in the result, and keeps its end whole', async () => {
  const { deploy } = activities(
    program(`
      const line = 'ü'.repeat(4999) + '\\n';
      for (let i = 0; i < 500; i++) process.stdout.write(line);
      process.stdout.write('\\u001b[31mthe end\\u001b[0m\\n');`),
  );
  const result = await activityEnvironment().execute(deploy, deployStep());
  expect(Buffer.byteLength(result.output)).toBeLessThanOrEqual(8192);
  expect(result.output).toMatch(/^ü+\nthe end\n$/);
  const [run] = readdirSync(runsFolder());
  const size = Number(
    execFileSync('du', ['-sb', join(runsFolder(), run ?? '')], { encoding: 'utf8' }).split('\t')[0],
  );
  expect(size).toBeLessThan(2.2 * 1024 * 1024);
});

const unstartable: [string, [string], object, RegExp][] = [
  [
    'is missing',
    ['hotfix-no-such-program'],
    {},
    /hotfix-no-such-program was not found: check command/,
  ],
  ['is not executable', [join(import.meta.dirname, 'command.test.ts')], {}, /chmod \+x/],
  [
    'has no folder',
    [process.execPath],
    { cwd: '/no/such/folder' },
    /\/no\/such\/folder does not exist: check cwd/,
  ],
];

test.each(unstartable)(
  'a program that %s is a clear failure',
  async (_, command, more, message) => {
    const { deploy } = activities(command, more);
    await expect(activityEnvironment().execute(deploy, deployStep())).rejects.toMatchObject({
      type: 'ProgramNotStarted',
      nonRetryable: true,
      message: expect.stringMatching(message),
    });
  },
);

function check(command: [string, ...string[]], more: object = {}) {
  const adapter = createCommandDeploy(configOf(command, more), adapterDeps());
  const target = { service: 'shop', environment: 'production' } as const;
  return adapter.check?.(target, new AbortController().signal);
}

test.each(unstartable)(
  'the preflight finds a program that %s',
  async (_, command, more, message) => {
    await expect(check(command, more)).rejects.toMatchObject({
      type: 'ProgramNotStarted',
      nonRetryable: true,
      message: expect.stringMatching(message),
    });
  },
);

test('the preflight finds what could be started as it would be, and starts nothing', async () => {
  const command = program('');
  chmodSync(command[1] ?? '', 0o755);
  for (const found of [command, ['./program.mjs'], ['program.mjs']] as [string][]) {
    const more = { cwd: folder, env: { PATH: `/nowhere:.:${process.env.PATH}` } };
    expect((await check(found, more))?.summary).toContain(`${found[0]} is there`);
  }
  expect(executions()).toBe(0);
});

test('a data directory that cannot be written', async () => {
  writeFileSync(file('data'), 'a file where a folder should be');
  const { deploy } = activities(program(''));
  await expect(activityEnvironment().execute(deploy, deployStep())).rejects.toMatchObject({
    type: 'DataDirectory',
    nonRetryable: true,
  });
  expect(executions()).toBe(0);
});

test('heartbeats carry the run and the last lines', async () => {
  const { deploy } = activities(program(`console.log('step one'); ${waitFile('go')}`));
  const { execute, beats } = activityEnvironment();
  const running = execute(deploy, deployStep());
  await until(() => beats.some((beat) => JSON.stringify(beat).includes('step one')));
  writeFileSync(file('go'), '');
  await running;
  expect(beats).toContainEqual({
    adapter: 'command',
    run: { id: deployStep().idempotencyKey, startedAt: expect.any(String) },
    progress: 'step one\n',
    followedSince: expect.any(Number),
  });
});

test('a finished run is found again and not repeated, with and without heartbeat details', async () => {
  const { deploy } = activities(program(`console.log('once'); process.exitCode = 3;`));
  const first = activityEnvironment();
  const result = await first.execute(deploy, deployStep());
  const withoutDetails = await activityEnvironment().execute(deploy, deployStep());
  const withDetails = await activityEnvironment(first.last()).execute(deploy, deployStep());
  expect(withoutDetails).toEqual(result);
  expect(withDetails).toEqual(result);
  expect(executions()).toBe(1);
});

test('many workers at once: one executes, and all see the same end', async () => {
  const command = program(`console.log(process.pid);`);
  const results = await Promise.all(
    Array.from({ length: 6 }, () =>
      activityEnvironment().execute(activities(command).deploy, deployStep()),
    ),
  );
  expect(executions()).toBe(1);
  expect(new Set(results.map(({ output }) => output)).size).toBe(1);
});

/** A worker-side process of its own, which can be killed in the middle of a deploy. */
function workerProcess(command: [string, ...string[]]): ChildProcess {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'worker-process.mjs'), file('data'), ...command],
    { stdio: 'ignore' },
  );
  started.push(child);
  return child;
}

test('a worker killed while the program runs: the next one follows the same run', async () => {
  const command = program(`console.log('working'); ${waitFile('go')} console.log('done');`);
  const worker = workerProcess(command);
  await until(() => executions() === 1);
  worker.kill('SIGKILL');
  await until(() => worker.signalCode !== null);

  const { execute, beats } = activityEnvironment();
  const running = execute(activities(command).deploy, deployStep());
  await until(() => beats.some((beat) => JSON.stringify(beat).includes('working')));
  writeFileSync(file('go'), '');

  expect(await running).toMatchObject({ outcome: 'succeeded', output: 'working\ndone\n' });
  expect(executions()).toBe(1);
});

test('a worker killed, and the program ends before the next one comes: its exit code is known', async () => {
  const command = program(`${waitFile('go')} process.exitCode = 5;`);
  const worker = workerProcess(command);
  await until(() => executions() === 1);
  const [run] = runs();
  worker.kill('SIGKILL');
  writeFileSync(file('go'), '');
  await until(() => existsSync(join(run?.path ?? '', 'exit.json')));

  const result = await activityEnvironment().execute(activities(command).deploy, deployStep());
  expect(result.summary).toContain('exit code 5');
  expect(executions()).toBe(1);
});

test('a runner that vanished leaves the outcome unknown: said, and not run again', async () => {
  const command = program(`${waitFile('go')}`);
  const { deploy } = activities(command);
  const first = activityEnvironment().execute(deploy, deployStep());
  first.catch(() => undefined);
  await until(() => executions() === 1 && runs()[0]?.program !== undefined);
  const [run] = runs();
  tryKill(run?.runner ?? 0);

  const unknown = {
    type: 'OutcomeUnknown',
    nonRetryable: true,
    message: expect.stringMatching(
      new RegExp(
        `vanished.*still runs, as process ${run?.program}.*check what is live in production of shop`,
      ),
    ),
  };
  await expect(first).rejects.toMatchObject(unknown);
  await expect(activityEnvironment().execute(deploy, deployStep())).rejects.toMatchObject(unknown);
  tryKill(-(run?.program ?? 0));
  expect(executions()).toBe(1);
});

test('a process that has only the id of the runner is not taken for it', async () => {
  const { deploy } = activities(program(''));
  const first = activityEnvironment();
  await first.execute(deploy, deployStep());
  const [name = ''] = readdirSync(runsFolder());
  const path = join(runsFolder(), name);
  rmSync(join(path, 'exit.json'));
  const claim = readJson(join(path, 'claim.json'));
  writeFileSync(join(path, 'claim.json'), JSON.stringify({ ...claim, pid: process.pid }));

  await expect(activityEnvironment().execute(deploy, deployStep())).rejects.toMatchObject({
    type: 'OutcomeUnknown',
    message: expect.not.stringContaining('still runs'),
  });
});

test('a run of another machine is followed while its runner gives signs of life, and then unknown', async () => {
  const command = program('');
  let now = Date.now();
  const deps = adapterDeps({
    dataDirectory: file('data'),
    now: () => new Date(now),
    monotonic: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
  });
  const { deploy } = activities(command);
  await activityEnvironment().execute(deploy, deployStep());
  const [name = ''] = readdirSync(runsFolder());
  const path = join(runsFolder(), name);
  rmSync(join(path, 'exit.json'));
  const claim = readJson(join(path, 'claim.json'));
  expect(claim.machine).toBe(machineId());
  writeFileSync(join(path, 'claim.json'), JSON.stringify({ ...claim, machine: 'another' }));

  const begun = now;
  const other = activitiesWith({ deploy: createCommandDeploy(configOf(command), deps) });
  await expect(activityEnvironment().execute(other.deploy, deployStep())).rejects.toMatchObject({
    type: 'OutcomeUnknown',
  });
  expect(now - begun).toBeGreaterThanOrEqual(30_000);
});

test('heartbeats that know of a run which is not in the data directory: another worker has it', async () => {
  const { deploy } = activities(program(''));
  const held = { adapter: 'command', run: { id: 'x', startedAt: new Date().toISOString() } };
  await expect(activityEnvironment(held).execute(deploy, deployStep())).rejects.toMatchObject({
    type: 'OutcomeUnknown',
    message: expect.stringContaining('share one data directory'),
  });
  expect(executions()).toBe(0);
});

test('a run of another adapter is not begun again', async () => {
  const { deploy } = activities(program(''));
  const held = { adapter: 'http', run: { id: 'x', startedAt: new Date().toISOString() } };
  await expect(activityEnvironment(held).execute(deploy, deployStep())).rejects.toMatchObject({
    type: 'OutcomeUnknown',
    message: expect.stringContaining('"http"'),
  });
  expect(executions()).toBe(0);
});

test('cancelled: the program and its children are told to stop, and may tidy up', async () => {
  const command = program(`
    import { spawn } from 'node:child_process';
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    writeFileSync(${JSON.stringify(file('child'))}, String(child.pid));
    process.on('SIGTERM', () => { console.log('tidied up'); process.exit(0); });
    console.log('ready');
    ${waitFile('never')}`);
  const { environment, execute, beats } = activityEnvironment();
  const running = execute(activities(command).deploy, deployStep());
  await until(() => JSON.stringify(beats).includes('ready'));
  environment.cancel();

  const failure: unknown = await running.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(CancelledFailure);
  expect(failure).toMatchObject({
    message: expect.stringMatching(/stopped on request.*SIGTERM/),
    details: [{ output: 'ready\ntidied up\n' }],
  });
  expect(() => process.kill(Number(readFileSync(file('child'), 'utf8')), 0)).toThrow('ESRCH');
});

test('cancelled: what does not stop is killed after the grace, and this is said', async () => {
  const command = program(
    `process.on('SIGTERM', () => {}); console.log('ready'); ${waitFile('never')}`,
  );
  const { environment, execute, beats } = activityEnvironment();
  const { deploy } = activities(command, { stopGrace: '300ms' });
  const running = execute(deploy, deployStep());
  await until(() => JSON.stringify(beats).includes('ready'));
  environment.cancel();
  await expect(running).rejects.toThrow(/stopped on request.*by SIGKILL/);
});

test('a worker that shuts down leaves the program alone; the next one follows it', async () => {
  const command = program(`console.log('ready'); ${waitFile('go')}`);
  const { deploy } = activities(command);
  const first = activityEnvironment();
  const running = first.execute(deploy, deployStep());
  await until(() => JSON.stringify(first.beats).includes('ready'));
  first.environment.cancel(
    'WORKER_SHUTDOWN',
    new ActivityCancellationDetails({ workerShutdown: true }),
  );
  await expect(running).rejects.toMatchObject({ type: 'Interrupted', nonRetryable: false });

  const second = activityEnvironment(first.last()).execute(deploy, deployStep());
  writeFileSync(file('go'), '');
  expect(await second).toMatchObject({ outcome: 'succeeded' });
  expect(executions()).toBe(1);
});

test('a program that runs too long is stopped and has failed', async () => {
  const { deploy } = activities(program(`console.log('slow'); ${waitFile('never')}`), {
    timeout: '1s',
  });
  const result = await activityEnvironment().execute(deploy, deployStep());
  expect(result).toMatchObject({ outcome: 'failed', output: 'slow\n' });
  expect(result.summary).toMatch(/did not end within 1s and was stopped \(by SIGTERM\)/);
});

test('a server that the program leaves behind lives on and holds nothing up', async () => {
  const { deploy } = activities(
    program(`
      import { spawn } from 'node:child_process';
      const server = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit', detached: true });
      server.unref();
      writeFileSync(${JSON.stringify(file('server'))}, String(server.pid));`),
  );
  const result = await activityEnvironment().execute(deploy, deployStep());
  const server = Number(readFileSync(file('server'), 'utf8'));
  expect(result.outcome).toBe('succeeded');
  expect(process.kill(server, 0)).toBe(true);
  process.kill(server, 'SIGKILL');
});

test('the configuration refuses what could not run', () => {
  const problemOf = (config: object) =>
    commandConfigSchema.safeParse({ adapter: 'command', ...config }).error?.issues[0];
  expect(problemOf({ command: [] })?.path).toEqual(['command', 0]);
  expect(problemOf({ command: 'make deploy' })?.path).toEqual(['command']);
  expect(problemOf({ command: ['a'], timeout: 'soon' })?.path).toEqual(['timeout']);
  expect(problemOf({ command: ['a'], timeout: '3d' })?.message).toContain('24h');
  expect(problemOf({ command: ['a'], passEnv: ['A=B'] })?.path).toEqual(['passEnv', 0]);
  expect(problemOf({ command: ['a'], shell: true })?.code).toBe('unrecognized_keys');
  expect(() =>
    createCommandDeploy(configOf(['a'], { passEnv: ['NOT_SET'] }), adapterDeps()),
  ).toThrow('NOT_SET is not set');
});
