import { readFile, rm, stat } from 'node:fs/promises';
import { z } from 'zod';
import { untilGone, type Waiting } from './waiting.ts';

// The guard touches its lock every second; a process id alone could have been given to someone else.
const FRESH_MS = 10_000;

const holderFormat = z.object({ owner: z.number(), guard: z.number() });
type Holder = z.infer<typeof holderFormat>;

/** Another process has a server on the same data. The message says which, and what to do. */
export class DataInUseError extends Error {
  override name = 'DataInUseError';
}

/**
 * Resolves when no server uses the data that `lockFile` stands for. One that is on its way out is waited
 * for, whether its owner was told to end or was killed.
 * @throws DataInUseError when it does not end.
 */
export async function waitUntilUnused(
  lockFile: string,
  dataDirectory: string,
  waiting: Waiting,
): Promise<void> {
  await untilGone(waiting, async () => {
    const holder = await holderOf(lockFile);
    return holder && inUse(holder, dataDirectory);
  });
  await rm(lockFile, { force: true });
}

const inUse = ({ owner }: Holder, dataDirectory: string): DataInUseError =>
  new DataInUseError(
    `The data in ${dataDirectory} is in use by another Hotfix (process ${owner}): ` +
      'stop that one, or set HOTFIX_DATA to another directory.',
  );

async function holderOf(lockFile: string): Promise<Holder | undefined> {
  try {
    const { mtimeMs } = await stat(lockFile);
    const holder = holderFormat.parse(JSON.parse(await readFile(lockFile, 'utf8')));
    return Date.now() - mtimeMs < FRESH_MS && isAlive(holder.guard) ? holder : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
