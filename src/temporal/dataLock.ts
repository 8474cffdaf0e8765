import { readFile, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

// The guard touches its lock every second; a process id alone could have been given to someone else.
const FRESH_MS = 10_000;
const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 50;

const holderFormat = z.object({ owner: z.number(), guard: z.number() });
type Holder = z.infer<typeof holderFormat>;

/** Another process has a server on the same data. The message says which, and what to do. */
export class DataInUseError extends Error {
  override name = 'DataInUseError';
}

/**
 * Resolves when no server uses the data that `lockFile` stands for. A server whose owner was killed is
 * already on its way out, so it is waited for.
 * @throws DataInUseError when its owner is alive, or it does not end.
 */
export async function waitUntilUnused(lockFile: string, dataDirectory: string): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const holder = await holderOf(lockFile);
    if (holder === undefined) break;
    if (isAlive(holder.owner) || performance.now() > giveUpAt) {
      throw new DataInUseError(
        `The data in ${dataDirectory} is in use by another Hotfix (process ${holder.owner}): ` +
          'stop that one, or set HOTFIX_DATA to another directory.',
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
  await rm(lockFile, { force: true });
}

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
