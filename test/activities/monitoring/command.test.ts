import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  commandMeasureConfigSchema,
  createCommandMeasure,
} from '../../../src/activities/monitoring/command.ts';
import { adapterDeps } from '../support.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hotfix-measure-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const node = (script: string, ...args: string[]) => [process.execPath, '-e', script, ...args];

function measureOf(command: string[], config: object = {}) {
  const parsed = commandMeasureConfigSchema.parse({
    adapter: 'command',
    name: 'smoke',
    command,
    success: { atMost: 0 },
    ...config,
  });
  return createCommandMeasure(parsed, adapterDeps());
}

const look = (command: string[], config: object = {}, signal = new AbortController().signal) =>
  measureOf(command, config).measure({}, signal);

const output = { value: 'output', success: { below: 10 } };

test.each<[string, string, object, string, number | null, RegExp]>([
  ['the exit code 0', '', {}, 'passed', 0, /^0 is at most 0\.$/],
  ['another exit code', 'process.exit(3)', {}, 'failed', 3, /^3 is not at most 0\.$/],
  ['the number that it says', 'console.log(4.5)', output, 'passed', 4.5, /^4\.5 is below 10\.$/],
  [
    'the number in its last line',
    'console.log("looking …\\n12\\n\\n")',
    output,
    'failed',
    12,
    /^12 is not below 10/,
  ],
  ['silence', '', output, 'inconclusive', null, /no data/],
  ['NaN', 'console.log(NaN)', output, 'inconclusive', null, /no data/],
  ['infinity', 'console.log(1 / 0)', output, 'failed', null, /^Infinity is not/],
  [
    'a number after a flood of words',
    'process.stdout.write("x".repeat(5e6) + "\\n7\\n")',
    output,
    'passed',
    7,
    /^7 is/,
  ],
])('%s', async (_, script, config, outcome, value, summary) => {
  expect(await look(node(script), config)).toEqual({
    outcome,
    value,
    summary: expect.stringMatching(summary),
  });
});

test.each<[string, string[], object, string, RegExp]>([
  [
    'nonsense',
    node('console.log("all is well")'),
    output,
    'BadAnswer',
    /last line of node is no number but "all is well"/,
  ],
  [
    'a number in a sentence',
    node('console.log("3 errors")'),
    output,
    'BadAnswer',
    /no number but "3 errors"/,
  ],
  [
    'a number beside a failure',
    node('console.error("no network"); console.log(1); process.exitCode = 2'),
    output,
    'BadAnswer',
    /node failed with exit code 2: "no network"/,
  ],
  [
    'a death',
    node('process.kill(process.pid, "SIGKILL")'),
    {},
    'BadAnswer',
    /was ended by SIGKILL: nothing/,
  ],
  ['no program', ['/nowhere/probe'], {}, 'ProgramNotStarted', /no program \/nowhere\/probe/],
  ['no folder', node(''), { cwd: '/nowhere' }, 'ProgramNotStarted', /no folder \/nowhere/],
])('%s cannot be measured', async (_, command, config, type, message) => {
  await expect(look(command, config)).rejects.toMatchObject({
    type,
    message: expect.stringMatching(message),
  });
});

test('a file that may not be executed says so', async () => {
  const file = join(folder, 'probe');
  writeFileSync(file, '#!/bin/sh\n', { mode: 0o600 });
  await expect(look([file])).rejects.toMatchObject({
    type: 'ProgramNotStarted',
    message: expect.stringContaining('chmod +x'),
  });
});

test('there is no shell in between, and the environment is what is configured', async () => {
  const script = 'console.log(JSON.stringify([process.argv[1], process.env])); console.log(1)';
  const file = join(folder, 'said');
  await look(
    node(
      `require('fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify([process.argv[1], process.env])); ${script}`,
      '$HOME; ls',
    ),
    { ...output, env: { REGION: 'eu' }, passEnv: ['TEST_TOKEN'], cwd: folder },
  );
  const [argument, environment] = JSON.parse(readFileSync(file, 'utf8'));
  expect(argument).toBe('$HOME; ls');
  expect(environment).toMatchObject({ REGION: 'eu', TEST_TOKEN: 'token-of-a-test' });
  expect(environment).toHaveProperty('PATH');
  expect(environment).not.toHaveProperty('VITEST');
});

test('a secret that it says is not repeated', async () => {
  const failure = await look(node('console.log(process.env.TEST_TOKEN)'), {
    ...output,
    passEnv: ['TEST_TOKEN'],
  }).catch((error: Error) => error);
  expect((failure as Error).message).toContain('***');
  expect((failure as Error).message).not.toContain('token-of-a-test');
});

const writePid = `require('fs').writeFileSync(process.argv[1], String(process.pid));`;
const deaf = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`;

function isAlive(pid: number): boolean {
  try {
    // A zombie has ended: whoever adopted it has just not asked yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await delay(20);
}

async function pidIn(file: string): Promise<number> {
  while (!existsSync(file) || readFileSync(file, 'utf8') === '') await delay(20);
  return Number(readFileSync(file, 'utf8'));
}

test('a program that hangs is stopped, also when it does not listen', async () => {
  const file = join(folder, 'pid');
  await expect(look(node(`${deaf} ${writePid}`, file), { timeout: '500ms' })).rejects.toMatchObject(
    { type: 'TimedOut', message: expect.stringMatching(/did not end within/) },
  );
  await untilGone(await pidIn(file));
});

test('what it started is stopped with it', async () => {
  const file = join(folder, 'pid');
  const child = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`${deaf} ${writePid}`)}, process.argv[1]], { stdio: 'inherit' });`;
  const start = `${child} const fs = require('fs'); const timer = setInterval(() => { if (fs.existsSync(process.argv[1])) process.exit(0); }, 10);`;
  expect(await look(node(start, file))).toMatchObject({ outcome: 'passed' });
  await untilGone(await pidIn(file));
});

test('what escapes from its group does not hold it up', async () => {
  const file = join(folder, 'pid');
  const child = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`${deaf} ${writePid}`)}, process.argv[1]], { stdio: 'inherit', detached: true });`;
  const start = `${child} const fs = require('fs'); const timer = setInterval(() => { if (fs.existsSync(process.argv[1])) process.exit(0); }, 10);`;
  expect(await look(node(start, file))).toMatchObject({ outcome: 'passed' });
  process.kill(await pidIn(file), 'SIGKILL');
});

test('a measurement that is broken off leaves nothing running', async () => {
  const file = join(folder, 'pid');
  const controller = new AbortController();
  const looking = look(node(`${deaf} ${writePid}`, file), {}, controller.signal);
  const pid = await pidIn(file);
  controller.abort(new Error('broken off'));
  await expect(looking).rejects.toThrow('broken off');
  await untilGone(pid);
});
