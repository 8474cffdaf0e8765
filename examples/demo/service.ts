import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoSettings } from './settings.ts';

/** What `npm start` runs, as a process of its own. */
export class Service {
  private readonly child: ChildProcess;
  private readonly log: string;

  constructor({ folder, env }: DemoSettings) {
    this.log = path.join(folder, 'service.log');
    const output = openSync(this.log, 'w');
    const program = path.join(import.meta.dirname, '..', '..', 'src', 'main.js');
    this.child = spawn(process.execPath, [program], {
      env: { ...process.env, ...env },
      stdio: ['ignore', output, output],
      // Ctrl-C is for the demo, which then ends the service in order.
      detached: true,
    });
    closeSync(output);
  }

  async ready(): Promise<void> {
    for (let tries = 0; tries < 600; tries += 1) {
      const said = readFileSync(this.log, 'utf8');
      if (said.includes('Hotfix is ready.')) return;
      if (this.child.exitCode !== null)
        throw new Error(`The service did not start: ${said.trim()}`);
      await sleep(100);
    }
    throw new Error(`The service did not become ready; its log is ${this.log}.`);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}
