import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unpackMember } from '../../../src/temporal/download/unzip.ts';

const source = 'github.com/argoproj/argo-cd/v3';
const version = 'v3.6.1';
/** Of the module, as go.sum would pin it. */
const sum = 'h1:OmhqeKiR3C//awbFrhQqFdtRI+Qiv17j8vqm3UkMj/g=';
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hotfix');
const kept = join(cache, `argocd-${version}-swagger.json`);

export type Json = { [key: string]: unknown };

/** Argo CD's published description of its API, Swagger 2.0: from its Go module once, then kept. */
export async function publishedDescription(): Promise<Json> {
  if (!existsSync(kept)) await keep();
  return JSON.parse(await readFile(kept, 'utf8')) as Json;
}

async function keep(): Promise<void> {
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'argocd-draft-'));
  try {
    const file = join(draft, 'swagger.json');
    await unpackMember(await downloadedModule(), /\/assets\/swagger\.json$/, file);
    await rename(file, kept);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The path of the module's archive. Go fetches it also where it is too old to build what is in it. */
async function downloadedModule(): Promise<string> {
  const args = ['mod', 'download', '-json', `${source}@${version}`];
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-modcacherw' };
  const stdout = await promisify(execFile)('go', args, { cwd: tmpdir(), env }).then(
    (result) => result.stdout,
    (error: Error & { stdout?: string }) => {
      if (error.stdout?.includes('"Zip"')) return error.stdout;
      throw error;
    },
  );
  const { Zip, Sum } = JSON.parse(stdout) as { Zip: string; Sum: string };
  if (Sum !== sum) throw new Error(`${source}@${version} is not what it was: ${Sum}`);
  return Zip;
}
