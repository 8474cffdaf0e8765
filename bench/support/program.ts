import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MemoryUse, Usage } from './companion.ts';
import { root } from './paths.ts';

const companion = path.join(import.meta.dirname, 'companion.js');

/** How long a process is waited for, in milliseconds. */
const patience = 60_000;

/** One of the service's processes, compiled as users run it. Its output goes to a file. */
export class Program {
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown>;
  private readonly log: string;

  /** `entry` is relative to `dist/`. */
  constructor(entry: string, env: Record<string, string>, log: string) {
    this.log = log;
    const output = openSync(log, 'w');
    // A fixed heap, so that what is measured does not go by the memory of the machine.
    const flags = ['--expose-gc', '--max-old-space-size=4096', '--import', companion];
    this.child = spawn(process.execPath, [...flags, path.join(root, 'dist', entry)], {
      cwd: path.dirname(log),
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ['ignore', output, output, 'ipc'],
    });
    closeSync(output);
    this.exited = once(this.child, 'exit');
  }

  /** Waits until the program has said it. */
  async says(text: string): Promise<void> {
    for (const end = Date.now() + patience; Date.now() < end; await sleep(50)) {
      const said = readFileSync(this.log, 'utf8');
      if (said.includes(text)) return;
      if (this.hasEnded) throw new Error(`A process ended before it was ready: ${said.trim()}`);
    }
    throw new Error(`A process was not ready within a minute; its log is ${this.log}.`);
  }

  /** What it holds after a garbage collection in each of its threads. */
  async memory(): Promise<MemoryUse> {
    return (await this.ask('memory')) as MemoryUse;
  }

  /** What it has used until now. */
  async usage(): Promise<Usage> {
    return (await this.ask('usage')) as Usage;
  }

  /** Ends it in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  async stop(): Promise<void> {
    if (!this.hasEnded) this.child.kill('SIGTERM');
    await this.exited;
  }

  private async ask(question: string): Promise<unknown> {
    const answer = once(this.child, 'message');
    this.child.send(question);
    return (await answer)[0];
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}
