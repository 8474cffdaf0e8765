import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import getPort from 'get-port';
import type { Bench } from '../support/bench.ts';
import type { Measurement } from '../support/measurement.ts';
import { root } from '../support/paths.ts';
import { median } from '../support/statistics.ts';

/** Ready within this time, in seconds. */
const patience = 5;
const rounds = 3;

/** Longer than this it is not waited for, in milliseconds. */
const limit = 60_000;

export const ready: Measurement = {
  name: 'ready',
  title: 'From npm start to ready',
  about:
    'The time from `npm start` to its ready line, where packages are installed and the code is ' +
    'compiled: Temporal with an empty database, its search attributes, the worker and the API.',
  measure: async (bench) => {
    const times: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      bench.progress.now('npm start', `${round} of ${rounds}`);
      times.push(await secondsToReady(bench));
    }
    const seconds = (time: number) => `${time.toFixed(2)} s`;
    return {
      table: [
        ['starts', 'fastest', 'median', 'slowest'],
        [String(rounds), ...[Math.min(...times), median(times), Math.max(...times)].map(seconds)],
      ],
      bars: [{ what: 'npm start to ready', value: median(times), atMost: patience, unit: 's' }],
    };
  },
};

async function secondsToReady(bench: Bench): Promise<number> {
  const env = {
    ...{ PATH: process.env.PATH, HOME: process.env.HOME },
    ...{ HOTFIX_DATA: await bench.folder(), PORT: String(await getPort()) },
    ...{ TEMPORAL_PORT: String(await getPort()), TEMPORAL_UI_PORT: String(await getPort()) },
  };
  const begin = performance.now();
  // A group of its own, so that everything that npm starts can be told to end.
  const child = spawn('npm', ['start'], {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = bench.started(() => end(child));
  try {
    await saysReady(child);
    return (performance.now() - begin) / 1000;
  } finally {
    await stop();
  }
}

async function saysReady({ stdout, stderr }: ChildProcess): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`npm start was not ready: ${said}`)), limit);
    const hear = (text: Buffer) => {
      said += text.toString();
      if (!said.includes('Hotfix is ready.')) return;
      clearTimeout(timer);
      resolve();
    };
    stdout?.on('data', hear).once('end', () => {
      clearTimeout(timer);
      reject(new Error(`npm start ended: ${said}`));
    });
    stderr?.on('data', hear);
  });
}

/** Resolves when all that holds the output of npm, and so every process it started, is gone. */
async function end(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  if (child.pid) process.kill(-child.pid, 'SIGTERM');
  await closed;
}
