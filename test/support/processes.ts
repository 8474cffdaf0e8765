import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'hotfix-test-'));

/** One of our processes, compiled, as a user runs it. Its output goes to a file. */
export class Program {
  readonly child: ChildProcess;
  private readonly folder = temporaryFolder();
  private readonly exited: Promise<number | null>;

  /** `command` is relative to the project's folder, such as `dist/worker.js`. */
  constructor(
    command: string[],
    env: Record<string, string>,
    program = process.execPath,
    stdin: 'ignore' | 'pipe' = 'ignore',
  ) {
    const log = openSync(this.log, 'w');
    this.child = spawn(program, command, {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: [stdin, log, log],
    });
    closeSync(log);
    this.exited = once(this.child, 'exit').then(([code]) => code as number | null);
  }

  get output(): string {
    return readFileSync(this.log, 'utf8');
  }

  private get log(): string {
    return join(this.folder, 'output.log');
  }

  /** Waits until the program has said something; fails with all it said where it ends before. */
  async says(text: string, timeout = 60_000): Promise<string> {
    for (const end = Date.now() + timeout; Date.now() < end; await sleep(100)) {
      if (this.output.includes(text)) return this.output;
      if (this.child.exitCode !== null) break;
    }
    throw new Error(`It never said "${text}": ${this.output}`);
  }

  /** Resolves with the exit code; null after a signal. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    const code = await this.exited;
    return code;
  }

  async ended(): Promise<number | null> {
    return this.exited;
  }

  forget(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
