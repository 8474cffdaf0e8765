import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { TypedSearchAttributes } from '@temporalio/common';
import { waitUntilReady } from './ready.ts';
import { attributes } from './searchAttributes.ts';
import { lastLineOf, openServerLog } from './serverLog.ts';

const HOST = '127.0.0.1';
// Longer than the guard gives the server, so that only a guard that hangs is ever killed.
const STOP_PATIENCE_MS = 12_000;

const guardProgram = fileURLToPath(new URL('./guard.mjs', import.meta.url));

export interface DevServerOptions {
  /** Path of a `temporal` executable. */
  executable: string;
  port: number;
  uiPort: number;
  /** File the server's output is appended to. */
  log: string;
  /** The database file and the lock file beside it; in memory without. */
  storage?: { database: string; lock: string };
  /** More arguments of `temporal server start-dev`. */
  arguments?: string[];
  /** Called when the server ends without having been stopped, with a sentence for people. */
  onExit?: (sentence: string) => void;
}

export interface DevServer {
  /** Host and port of the gRPC frontend. */
  address: string;
  uiUrl: string;
  /** Process id of the guard, which leads a process group of its own with the server in it. */
  pid: number;
  /** Ends the server and resolves when it is gone. */
  stop(): Promise<void>;
}

/** The server could not be started. */
export class DevServerError extends Error {
  override name = 'DevServerError';
}

/**
 * Starts Temporal's development server with the search attributes registered, and resolves when it
 * takes requests. It ends when this process does, however that happens.
 * @throws DevServerError
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const guard = await spawnGuard(options);
  const address = `${HOST}:${options.port}`;
  const uiUrl = `http://${HOST}:${options.uiPort}`;
  let expected = false;
  const exited = once(guard, 'exit').then(async () => {
    const line = await lastLineOf(options.log);
    return `The Temporal server ended by itself. The end of its log, ${options.log}: ${line}`;
  });
  const stop = async (): Promise<void> => {
    expected = true;
    await end(guard, exited);
  };
  try {
    await waitUntilReady(address, uiUrl, exited);
  } catch (error) {
    await stop();
    throw new DevServerError(error instanceof Error ? error.message : String(error));
  }
  void exited.then((sentence) => {
    if (!expected) options.onExit?.(sentence);
  });
  return { address, uiUrl, pid: guard.pid ?? 0, stop };
}

async function spawnGuard(options: DevServerOptions): Promise<ChildProcess> {
  const log = await openServerLog(options.log);
  try {
    const lock = options.storage?.lock ?? '-';
    const args = [guardProgram, lock, options.executable, ...serverArguments(options)];
    // A group of its own: Ctrl-C in the terminal must not end the server before the worker has drained.
    const guard = spawn(process.execPath, args, {
      detached: true,
      stdio: ['pipe', log.fd, log.fd],
    });
    await once(guard, 'spawn');
    return guard;
  } finally {
    await log.close();
  }
}

function serverArguments(options: DevServerOptions): string[] {
  return [
    ...['server', 'start-dev', '--ip', HOST],
    ...['--port', String(options.port), '--ui-port', String(options.uiPort)],
    ...['--log-level', 'warn', '--log-format', 'json'],
    ...(options.storage === undefined ? [] : ['--db-filename', options.storage.database]),
    ...Object.values(attributes).flatMap(({ name, type }) => [
      '--search-attribute',
      `${name}=${TypedSearchAttributes.toMetadataType(type)}`,
    ]),
    ...(options.arguments ?? []),
  ];
}

async function end(guard: ChildProcess, exited: Promise<unknown>): Promise<void> {
  guard.stdin?.end();
  const killer = setTimeout(() => killGroup(guard), STOP_PATIENCE_MS);
  await exited;
  clearTimeout(killer);
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}
