import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Progress } from './progress.ts';

type Stop = () => Promise<unknown>;

/** One run of the benchmarks: its folder, and everything that runs for it. */
export class Bench {
  readonly progress: Progress;
  /** Path of the `temporal` executable. */
  readonly executable: string;
  private readonly running = new Set<Stop>();
  private readonly folders: string[] = [];

  constructor(progress: Progress, executable: string) {
    this.progress = progress;
    this.executable = executable;
  }

  /** An empty folder, removed at the end. */
  async folder(): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), 'hotfix-bench-'));
    this.folders.push(folder);
    return folder;
  }

  /** Remembers how to stop what has just been started; gives that back, to be called once. */
  started(stop: Stop): Stop {
    this.running.add(stop);
    return async () => {
      if (this.running.delete(stop)) await stop();
    };
  }

  /** Stops what still runs, the last started first, and removes the folders. */
  async end(): Promise<void> {
    for (const stop of [...this.running].reverse()) {
      this.running.delete(stop);
      await stop();
    }
    for (const folder of this.folders) await rm(folder, { recursive: true, force: true });
  }
}
