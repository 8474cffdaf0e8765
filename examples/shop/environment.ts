import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processHeader, versionHeader } from './headers.ts';
import { type LiveProcess, readJson, writeJson } from './state.ts';

const startLimit = 10_000;
const stopLimit = 5_000;
const pollInterval = 50;

/** One environment of the shop on this machine: its port, its live process, its deploy history. */
export interface ShopEnvironment {
  name: string;
  port: number;
  /** The directory that holds the pid file, the history and the log. */
  directory: string;
}

export function shopEnvironment(state: string, name: string, port: number): ShopEnvironment {
  return { name, port, directory: path.resolve(state, name) };
}

const pidfile = (environment: ShopEnvironment) => path.join(environment.directory, 'live.json');
const historyFile = (environment: ShopEnvironment) =>
  path.join(environment.directory, 'history.json');
const logFile = (environment: ShopEnvironment) => path.join(environment.directory, 'shop.log');

/** The releases that went live here, oldest first; the last one is what should be live now. */
export function readHistory(environment: ShopEnvironment): string[] {
  return readJson<string[]>(historyFile(environment)) ?? [];
}

export function writeHistory(environment: ShopEnvironment, versions: string[]): void {
  writeJson(historyFile(environment), versions);
}

/** Who answers on the environment's port; undefined where nobody does, or not the shop. */
export async function answering(environment: ShopEnvironment): Promise<LiveProcess | undefined> {
  try {
    const { headers } = await fetch(`http://127.0.0.1:${environment.port}/healthz`, {
      signal: AbortSignal.timeout(1_000),
    });
    const version = headers.get(versionHeader);
    const pid = Number(headers.get(processHeader));
    return version === null ? undefined : { version, pid };
  } catch {
    return undefined;
  }
}

/**
 * Starts a release as a process of its own, which outlives this one, and waits for it to answer.
 * Throws a sentence with the end of the log where it does not come up.
 */
export async function start(environment: ShopEnvironment, version: string): Promise<LiveProcess> {
  mkdirSync(environment.directory, { recursive: true });
  const log = openSync(logFile(environment), 'a');
  const logStart = fstatSync(log).size;
  // The same ending as this file: `.js` when compiled, `.ts` where Node runs TypeScript itself.
  const server = path.join(import.meta.dirname, `server${path.extname(import.meta.filename)}`);
  const child = spawn(
    process.execPath,
    [server, version, String(environment.port), pidfile(environment)],
    { detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  child.unref();
  const deadline = Date.now() + startLimit;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    const live = await answering(environment);
    if (live !== undefined && live.pid === child.pid) return live;
    await sleep(pollInterval);
  }
  child.kill('SIGKILL');
  throw new Error(
    `Release ${version} did not come up on port ${environment.port}: ${lastError(environment, logStart)}`,
  );
}

/** Ends the live process and waits until it has closed its port. False where none was live. */
export async function stop(environment: ShopEnvironment): Promise<boolean> {
  const live = readJson<LiveProcess>(pidfile(environment));
  // After a restart of the machine the pid may belong to a stranger: only the shop is ended, and
  // only the shop answers with this pid.
  if (live === undefined || (await answering(environment))?.pid !== live.pid) return false;
  process.kill(live.pid, 'SIGTERM');
  if (!(await closed(environment, live.pid))) process.kill(live.pid, 'SIGKILL');
  rmSync(pidfile(environment), { force: true });
  return true;
}

/** The shop removes its pid file when it has closed its port; one that was killed just ends. */
async function closed(environment: ShopEnvironment, pid: number): Promise<boolean> {
  const deadline = Date.now() + stopLimit;
  while (existsSync(pidfile(environment)) && isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(pollInterval);
  }
  return true;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The last line since `logStart` (bytes) that names an error: a release that cannot start says why there. */
function lastError(environment: ShopEnvironment, logStart: number): string {
  const lines = readFileSync(logFile(environment)).subarray(logStart).toString('utf8').split('\n');
  return lines.findLast((line) => /error/i.test(line))?.trim() ?? `see ${logFile(environment)}`;
}
