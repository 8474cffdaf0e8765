import { execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import getPort from 'get-port';

const run = promisify(execFile);
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hotfix');
const unpacked = join(cache, 'prometheus-debian');
const executable = join(unpacked, 'usr/bin/prometheus');

/** The path of a Prometheus executable, or the reason why there is none here. */
export async function findPrometheus(): Promise<{ path: string } | { missing: string }> {
  if (existsSync(executable)) return { path: executable };
  try {
    await run('prometheus', ['--version']);
    return { path: 'prometheus' };
  } catch {
    return await download();
  }
}

/** From Debian's package, without installing it; unpacked beside and renamed when it is whole. */
async function download(): Promise<{ path: string } | { missing: string }> {
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'prometheus-draft-'));
  try {
    await run('apt-get', ['download', 'prometheus'], { cwd: draft });
    const [archive = ''] = await readdir(draft);
    await run('dpkg', ['-x', join(draft, archive), join(draft, 'unpacked')]);
    await rename(join(draft, 'unpacked'), unpacked).catch(() => undefined);
    return { path: executable };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    return { missing: `no prometheus on the PATH and none from Debian's packages (${reason})` };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** A Prometheus of its own that scrapes the targets (host:port, by job) five times a second. */
export async function startPrometheus(path: string, targets: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'hotfix-prometheus-'));
  const scrapes = Object.entries(targets).map(([job, target]) => ({
    job_name: job,
    static_configs: [{ targets: [target] }],
  }));
  const config = {
    global: { scrape_interval: '200ms', scrape_timeout: '200ms' },
    scrape_configs: scrapes,
  };
  // JSON is YAML.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const port = await getPort();
  const url = `http://127.0.0.1:${port}`;
  let running = launch(path, folder, port);
  /** As a crash: what is not in its write-ahead log is lost. */
  const kill = async () => {
    running.child.kill('SIGKILL');
    await running.exited;
  };
  return {
    url,
    async ready(query: string) {
      while (!(await hasData(url, query))) {
        if (running.child.exitCode !== null)
          throw new Error(`Prometheus ended: see ${folder}/prometheus.log`);
        await delay(50);
      }
    },
    kill,
    /** At the same address, with the same data. */
    start() {
      running = launch(path, folder, port);
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function launch(path: string, folder: string, port: number) {
  const log = openSync(join(folder, 'prometheus.log'), 'a');
  const child = spawn(
    path,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', log, log] },
  );
  closeSync(log);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return { child, exited };
}

async function hasData(url: string, query: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = (await response.json()) as { data?: { result: unknown[] } };
    return (data?.result.length ?? 0) > 0;
  } catch {
    return false;
  }
}
