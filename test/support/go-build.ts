import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hotfix', 'go');

export interface GoExecutable {
  /** What people call it; with the version the key of the cache. */
  name: string;
  /** Changes whenever anything of how it is built does. */
  version: string;
  /** Builds by `go` into the file `output`, with an empty `folder` for its own use. */
  build: (go: Go, output: string, folder: string) => Promise<void>;
}

/** Runs go with these arguments; throws with the end of its output. */
export type Go = (
  args: readonly string[],
  options?: { cwd?: string; env?: Record<string, string> },
) => Promise<string>;

/**
 * The path of an executable that is built from Go modules once and kept under `~/.cache/hotfix/go`.
 * Builds beside and renames when it is whole, so that a build that was broken off leaves nothing.
 */
export async function goExecutable({ name, version, build }: GoExecutable): Promise<string> {
  const path = join(cache, `${name}-${version}`);
  if (existsSync(path)) return path;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, `.${name}-draft-`));
  const say = (text: string) => process.stderr.write(`${name} ${version}: ${text}\n`);
  try {
    const output = join(draft, name);
    const folder = join(draft, 'module');
    await mkdir(folder);
    say('is built from its source, once; this takes minutes …');
    await build(goIn(draft, say), output, folder);
    await rename(output, path);
    say('is ready.');
    return path;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** `go install MODULE/PACKAGE@VERSION`, of a package without `replace` in its go.mod. */
export const goInstall = (name: string, source: string, version: string): Promise<string> =>
  goExecutable({
    name,
    version,
    async build(go, output, folder) {
      await go(['install', '-ldflags=-s', `${source}@${version}`], { env: { GOBIN: folder } });
      const built = source.split('/').findLast((part) => !/^v\d+$/.test(part)) ?? '';
      await rename(join(folder, built), output);
    },
  });

function goIn(draft: string, say: (text: string) => void): Go {
  let count = 0;
  return async (args, { cwd = draft, env = {} } = {}) => {
    say(`go ${args.join(' ')}`);
    count += 1;
    const [out, log] = [join(draft, `${count}.out`), join(draft, `${count}.log`)];
    const [outFile, logFile] = [openSync(out, 'w'), openSync(log, 'w')];
    const child = spawn('go', args, {
      cwd,
      env: {
        ...process.env,
        ...{ GOTOOLCHAIN: 'local', GOFLAGS: '-modcacherw -buildvcs=false', CGO_ENABLED: '0' },
        ...env,
      },
      stdio: ['ignore', outFile, logFile],
    });
    closeSync(outFile);
    closeSync(logFile);
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code === 0) return await readFile(out, 'utf8');
    const said = (await readFile(log, 'utf8')).trimEnd().slice(-2_000);
    throw new Error(`go ${args.join(' ')} failed (${code}): ${said}`);
  };
}
