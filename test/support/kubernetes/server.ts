import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One server of a test, with its output in a file of the folder; gone with the test's process. */
export class Server {
  readonly #name: string;
  readonly #log: string;
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly #kill = () => this.#child.kill('SIGKILL');

  constructor(name: string, path: string, args: string[], folder: string) {
    this.#name = name;
    this.#log = join(folder, `${name}.log`);
    const log = openSync(this.#log, 'w');
    this.#child = spawn(path, args, { cwd: folder, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#gone = once(this.#child, 'exit');
    process.once('exit', this.#kill);
  }

  /** Throws where it has ended by itself, with the end of what it said. */
  assertRunning(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) return;
    throw new Error(`${this.#name} ended: ${readFileSync(this.#log, 'utf8').slice(-2_000)}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#kill);
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#kill();
    await this.#gone;
  }
}
