import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { versionOf } from '../version.ts';
import { displayProgress, type ProgressOutput } from './progress.ts';
import { RELEASE } from './release.ts';
import type { Source } from './source.ts';

const WORK_PREFIX = '.download-';
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/**
 * Puts the executable at `target`, whole or not at all. Each download works in a directory of its own
 * and is renamed into place at the end, so that several at once do not see each other.
 * @throws Error with a sentence saying why the source could not deliver a program that runs here.
 */
export async function downloadTo(
  target: string,
  source: Source,
  output: ProgressOutput,
): Promise<void> {
  const cache = path.dirname(target);
  await mkdir(cache, { recursive: true });
  await removeAbandoned(cache);
  const work = await mkdtemp(path.join(cache, WORK_PREFIX));
  const progress = displayProgress(output, `Downloading Temporal ${RELEASE}`);
  try {
    const downloaded = path.join(work, path.basename(target));
    await source.download(downloaded, progress.report);
    await chmod(downloaded, 0o755);
    await assertRuns(downloaded);
    await rename(downloaded, target);
  } finally {
    progress.end();
    await rm(work, { recursive: true, force: true });
  }
}

async function assertRuns(executable: string): Promise<void> {
  if ((await versionOf(executable)) === undefined) {
    throw new Error('what it delivered does not run on this machine');
  }
}

/** A download that was killed could not clean up after itself. */
async function removeAbandoned(cache: string): Promise<void> {
  const oldest = Date.now() - ABANDONED_AFTER_MS;
  for (const name of await readdir(cache)) {
    if (!name.startsWith(WORK_PREFIX)) continue;
    const directory = path.join(cache, name);
    const found = await stat(directory).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < oldest) {
      await rm(directory, { recursive: true, force: true });
    }
  }
}
