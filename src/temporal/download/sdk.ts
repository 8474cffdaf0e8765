import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ReportProgress } from './progress.ts';
import { RELEASE } from './release.ts';
import type { Source } from './source.ts';

const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 200;
const REASON_LIMIT = 200;

const downloader = fileURLToPath(new URL('./sdk-download.mjs', import.meta.url));

/** The download that Temporal's own SDK offers. Ended when nothing arrives for a while. */
export function sdkDownload(program = downloader): Source {
  return {
    name: 'the download of the Temporal SDK',
    async download(target, report) {
      const directory = path.dirname(target);
      const version = `v${RELEASE}`;
      const downloaded = path.join(directory, `temporal-${version}${path.extname(target)}`);
      await runUntilThere(program, [directory, version], downloaded, report);
      await rename(downloaded, target);
    },
  };
}

async function runUntilThere(
  program: string,
  args: string[],
  downloaded: string,
  report: ReportProgress,
): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const ended = once(child, 'close').then(() => 'ended' as const);
  try {
    await watch(downloaded, ended, report);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  if ((await sizeOf(downloaded)) === undefined) throw new Error(reasonIn(complaint));
}

/** Resolves when the file is there or the downloader has ended; throws when nothing moves any more. */
async function watch(
  downloaded: string,
  ended: Promise<'ended'>,
  report: ReportProgress,
): Promise<void> {
  let received = 0;
  let movedAt = performance.now();
  while ((await sizeOf(downloaded)) === undefined) {
    const size = (await sizeOf(`${downloaded}.downloading`)) ?? 0;
    if (size !== received) {
      received = size;
      movedAt = performance.now();
      report(received);
    }
    if (performance.now() - movedAt > PATIENCE_MS) {
      throw new Error(`nothing arrived for ${PATIENCE_MS / 1000} seconds`);
    }
    if ((await Promise.race([ended, sleep(LOOK_EVERY_MS)])) === 'ended') return;
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ size }) => size,
    () => undefined,
  );
}

function reasonIn(complaint: string): string {
  const reason = complaint.trim().split('\n').at(-1) ?? '';
  return reason === '' ? 'it ended without a result' : reason.slice(0, REASON_LIMIT);
}
