import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Program } from '../../support/processes.ts';

export interface Supervision {
  name: string;
  entry: string;
  env: Record<string, string>;
  /** What it says when it is ready. */
  says: string;
  /** Its output is kept here when it has ended. */
  log: string;
}

/** One process of the service under a supervisor: what ends by itself is started again. */
export class Supervised {
  /** How often it has ended without having been told to. */
  endedByItself = 0;
  private readonly supervision: Supervision;
  private program: Program | undefined;
  private isWanted = false;
  private readonly buried = new WeakSet<Program>();

  constructor(supervision: Supervision) {
    this.supervision = supervision;
  }

  get name(): string {
    return this.supervision.name;
  }

  /** Resolves when it is ready, however often it has to be tried. */
  async start(): Promise<void> {
    this.isWanted = true;
    while (this.isWanted) {
      const { entry, env, says } = this.supervision;
      const program = new Program([entry], env);
      this.program = program;
      const isReady = program.says(says).then(
        () => true,
        () => false,
      );
      if (await isReady) {
        void program.ended().then(() => this.ended(program));
        return;
      }
      await this.bury(program);
      await sleep(500);
    }
  }

  async end(how: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.isWanted = false;
    if (this.program) await this.bury(this.program, how);
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.program?.child.kill(signal);
  }

  private async ended(program: Program): Promise<void> {
    if (!this.isWanted || program !== this.program) return;
    this.endedByItself += 1;
    await this.bury(program);
    await this.start();
  }

  private async bury(program: Program, how: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    if (program === this.program) this.program = undefined;
    await program.end(how);
    if (this.buried.has(program)) return;
    this.buried.add(program);
    appendFileSync(this.supervision.log, program.output);
    program.forget();
  }
}
