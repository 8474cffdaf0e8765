import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import getPort from 'get-port';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectClient, embeddedServer } from '../../src/temporal/connection.ts';
import { DataInUseError } from '../../src/temporal/dataLock.ts';
import { type DevServer, DevServerError } from '../../src/temporal/devServer.ts';
import { type EmbeddedOptions, startEmbedded } from '../../src/temporal/embedded.ts';
import { temporalExecutable } from '../../src/temporal/executable.ts';
import { assertPortFree, PortInUseError } from '../../src/temporal/ports.ts';
import { installProgram } from './fixtures.ts';

let options: EmbeddedOptions;
const close: (() => unknown)[] = [];
/** What starts have told that they wait for. */
const waits: string[] = [];

beforeEach(async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'hotfix-embedded-'));
  options = {
    executable: await temporalExecutable(),
    port: await getPort(),
    uiPort: await getPort(),
    dataDirectory: path.join(directory, 'data'),
    onWait: (sentence) => waits.push(sentence),
  };
  close.push(() => rm(directory, { recursive: true }));
});
afterEach(async () => {
  for (const end of close.splice(0).reverse()) await end();
  waits.splice(0);
});

async function start(changed: Partial<EmbeddedOptions> = {}): Promise<DevServer> {
  const server = await startEmbedded({ ...options, ...changed });
  close.push(() => server.stop());
  return server;
}

async function clientOf({ address }: { address: string }): Promise<Client> {
  const connection = await connectClient(embeddedServer(address));
  close.push(() => connection.close());
  return new Client({ connection });
}

async function startOwner(): Promise<{ owner: ChildProcess; address: string }> {
  const program = fileURLToPath(new URL('./owner.mjs', import.meta.url));
  const owner = spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  close.push(() => owner.kill('SIGKILL'));
  const [line] = (await once(createInterface(owner.stdout), 'line')) as [string];
  return { owner, ...(JSON.parse(line) as { address: string }) };
}

/** Whether any process of the group is left, the server included. */
function groupIsAlive(leader: number): boolean {
  try {
    process.kill(-leader, 0);
    return true;
  } catch {
    return false;
  }
}

const workflow = { workflowId: 'kept', taskQueue: 'nobody' };

test('it serves, with its UI, and a start on the same data finds the workflows again', async () => {
  const first = await start();
  expect((await fetch(first.uiUrl)).ok).toBe(true);
  await (await clientOf(first)).workflow.start('any', workflow);
  await first.stop();
  expect(groupIsAlive(first.pid)).toBe(false);

  const again = await clientOf(await start());
  expect((await again.workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
});

test('what it stores is for its owner alone', async () => {
  await start();
  const { dataDirectory } = options;
  const names = await readdir(dataDirectory);
  expect(names).toContain('temporal.db');
  for (const name of ['.', ...names]) {
    const { mode } = await stat(path.join(dataDirectory, name));
    expect([name, mode & 0o077]).toEqual([name, 0]);
  }
});

test('it leads a process group of its own, so that Ctrl-C does not reach it', async () => {
  const { pid } = await start();
  expect(groupIsAlive(pid)).toBe(true);
});

describe('when its owner is killed', () => {
  test('it ends too', async () => {
    const { owner } = await startOwner();
    owner.kill('SIGKILL');
    await expect.poll(() => isFree(options.port), { timeout: 20_000 }).toBe(true);
    expect(await isFree(options.uiPort)).toBe(true);
  });

  test('the next start waits for that and finds the workflows', async () => {
    const { owner, address } = await startOwner();
    await (await clientOf({ address })).workflow.start('any', workflow);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const again = await clientOf(await start());
    expect((await again.workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
  });
});

const isFree = (port: number): Promise<boolean> =>
  assertPortFree({ host: '127.0.0.1', port, purpose: 'a test', variable: 'PORT' }).then(
    () => true,
    () => false,
  );

test('an end that nobody asked for is told, with the end of the log', async () => {
  const told = await new Promise<string>((resolve, reject) => {
    start({ onExit: resolve }).then(({ pid }) => process.kill(-pid, 'SIGKILL'), reject);
  });
  expect(told).toMatch(/^The Temporal server ended by itself\. .*temporal\.log: /);
});

test('a stop that was asked for is not told', async () => {
  const told: string[] = [];
  const server = await start({ onExit: (sentence) => told.push(sentence) });
  await server.stop();
  await server.stop();
  expect(told).toEqual([]);
});

describe('what is still ending is waited for, and told', () => {
  test('a port', async () => {
    const other = createServer().listen(options.port, '127.0.0.1');
    await once(other, 'listening');
    const starting = start();
    await expect.poll(() => waits).toEqual([expect.stringContaining(`Port ${options.port}`)]);
    other.close();
    expect(await starting).toMatchObject({ address: `127.0.0.1:${options.port}` });
    expect(waits).toHaveLength(1);
  });

  test('data whose owner lives', async () => {
    const { owner } = await startOwner();
    const starting = start({ port: await getPort(), uiPort: await getPort() });
    await expect.poll(() => waits).toEqual([expect.stringContaining(`process ${owner.pid}`)]);
    owner.kill('SIGTERM');
    await starting;
  });
});

describe('what is in the way is said', () => {
  test.each([
    ['port', 'TEMPORAL_PORT', 'the Temporal server'],
    ['uiPort', 'TEMPORAL_UI_PORT', 'the Temporal UI'],
  ] as const)('%s in use', async (name, variable, purpose) => {
    const other = createServer().listen(options[name], '127.0.0.1');
    await once(other, 'listening');
    close.push(() => other.close());
    const starting = start({ patience: 500 });
    await expect(starting).rejects.toThrow(PortInUseError);
    await expect(starting).rejects.toThrow(
      `Port ${options[name]} on 127.0.0.1, where ${purpose} should listen, is in use: ` +
        `stop the program that uses it, or set ${variable} to a free port.`,
    );
  });

  test('data in use by another process that lives', async () => {
    const { owner } = await startOwner();
    const free = { port: await getPort(), uiPort: await getPort() };
    const starting = start({ ...free, patience: 500 });
    await expect(starting).rejects.toThrow(DataInUseError);
    await expect(starting).rejects.toThrow(
      new RegExp(`another Hotfix \\(process ${owner.pid}\\): .* set HOTFIX_DATA`),
    );
    owner.kill('SIGTERM');
    await once(owner, 'exit');
    await start();
  });

  test('a server that ends while it starts', async () => {
    const executable = await installProgram(
      path.join(options.dataDirectory, '..', 'bin'),
      '#!/bin/sh\necho "the disk is full"\nexit 3\n',
    );
    const starting = start({ executable });
    await expect(starting).rejects.toThrow(DevServerError);
    await expect(starting).rejects.toThrow(/ended by itself.*the disk is full/);
  });
});
