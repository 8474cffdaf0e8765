import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { ApplicationFailure } from '@temporalio/common';
import { spell } from '../../process/duration.ts';
import { messageOf, permanent, transient } from '../failures.ts';

export interface ProgramRun {
  command: readonly [string, ...string[]];
  cwd: string;
  env: Record<string, string>;
  /** After so many milliseconds it is stopped. */
  timeout: number;
  signal: AbortSignal;
}

/** How a program ended, and the end of what it said. */
export interface Ended {
  /** Null where a signal ended it. */
  code: number | null;
  endedBy: NodeJS.Signals | null;
  output: string;
  errors: string;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

const longestOutput = 64 * 1024;
/** Between SIGTERM and SIGKILL, and between a program's end and that of its output. */
const grace = 1000;

/**
 * Runs a program to its end, as a process group of its own, of which nothing is left afterwards.
 * Throws `ProgramNotStarted` or `TimedOut`; the signal's own reason when it aborts.
 */
export async function runProgram(run: ProgramRun): Promise<Ended> {
  const { command, cwd, env, timeout, signal } = run;
  signal.throwIfAborted();
  const [program, ...args] = command;
  const child = spawn(program, args, {
    ...{ cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  });
  const said = [lastOf(child.stdout), lastOf(child.stderr)] as const;
  const closed = once(child, 'close') as Promise<[Ended['code'], Ended['endedBy']]>;
  let isLate = false;
  let killer: NodeJS.Timeout | undefined;
  const stop = () => {
    killGroup(child, 'SIGTERM');
    killer = setTimeout(killGroup, grace, child, 'SIGKILL');
  };
  const deadline = setTimeout(() => {
    isLate = true;
    stop();
  }, timeout);
  signal.addEventListener('abort', stop, { once: true });
  child.once('exit', () => leaveNothing(child));
  try {
    const [code, endedBy] = await closed;
    signal.throwIfAborted();
    if (isLate) throw timedOut(program, timeout);
    return { code, endedBy, output: said[0](), errors: said[1]() };
  } catch (error) {
    throw child.pid === undefined ? notStarted(run, error) : error;
  } finally {
    clearTimeout(deadline);
    clearTimeout(killer);
    signal.removeEventListener('abort', stop);
  }
}

function killGroup({ pid }: Child, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

/** What a program leaves running ends with it; what escaped from its group no longer holds the output. */
function leaveNothing(child: Child): void {
  killGroup(child, 'SIGKILL');
  const timer = setTimeout(() => {
    child.stdout.destroy();
    child.stderr.destroy();
  }, grace);
  child.once('close', () => clearTimeout(timer));
}

function lastOf(stream: Readable): () => string {
  let text = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    text = Buffer.concat([text, chunk]).subarray(-longestOutput);
  });
  return () => text.toString('utf8');
}

const timedOut = (program: string, timeout: number): ApplicationFailure =>
  transient('TimedOut', `${program} did not end within ${spell(timeout)} and was stopped.`);

function notStarted({ command, cwd }: ProgramRun, error: unknown): ApplicationFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
  const reasons: Record<string, string> = {
    ENOENT: `there is no program ${command[0]}, or no folder ${cwd}: check command and cwd, and the PATH of the worker`,
    EACCES: `${command[0]} may not be executed: make it executable (chmod +x) for the worker's user`,
  };
  return permanent('ProgramNotStarted', `Nothing was run: ${reasons[code] ?? code}.`);
}
