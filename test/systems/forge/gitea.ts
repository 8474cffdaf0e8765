import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import getPort from 'get-port';
import { goExecutable } from '../../support/go-build.ts';

const run = promisify(execFile);
const version = '1.26.0';

/** The module's folder: it has the templates beside the sources. */
async function moduleFolder(): Promise<string> {
  const args = ['mod', 'download', '-json', `code.gitea.io/gitea@v${version}`];
  const { stdout } = await run('go', args, { cwd: tmpdir() });
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}

/** The path of the program, built on first use. */
export const giteaExecutable = (): Promise<string> =>
  goExecutable({
    name: 'gitea',
    version,
    async build(go, output) {
      const cwd = await moduleFolder();
      const flags = [
        '-tags',
        'sqlite sqlite_unlock_notify',
        `-ldflags=-s -X main.Version=${version}`,
      ];
      await go(['build', ...flags, '-o', output, '.'], { cwd, env: { CGO_ENABLED: '1' } });
    },
  });

const password = 'a password of the tests';

/** A Gitea with its own data, and what a test needs of it: an owner, a reader, and a runner's token. */
export class Gitea {
  readonly url: string;
  readonly #path: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(path: string, folder: string, port: number) {
    [this.#path, this.#folder] = [path, folder];
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<Gitea> {
    const path = await giteaExecutable();
    const folder = await mkdtemp(join(tmpdir(), 'hotfix-gitea-'));
    const port = await getPort();
    const gitea = new Gitea(path, folder, port);
    await mkdir(join(folder, 'custom', 'conf'), { recursive: true });
    await writeFile(gitea.#config, settings(folder, port, await moduleFolder()));
    await gitea.#command('migrate');
    gitea.#serve();
    await gitea.#ready();
    return gitea;
  }

  get #config(): string {
    return join(this.#folder, 'custom', 'conf', 'app.ini');
  }

  async #command(...args: string[]): Promise<string> {
    const { stdout } = await run(this.#path, ['--config', this.#config, ...args], {
      env: this.#environment,
    });
    return stdout.trim().split('\n').at(-1) ?? '';
  }

  get #environment(): NodeJS.ProcessEnv {
    return { PATH: process.env.PATH, HOME: this.#folder, GITEA_WORK_DIR: this.#folder };
  }

  #serve(): void {
    const log = openSync(join(this.#folder, 'gitea.log'), 'w');
    this.#child = spawn(this.#path, ['--config', this.#config, 'web'], {
      env: this.#environment,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
  }

  async #ready(): Promise<void> {
    while (!(await fetch(`${this.url}/api/healthz`).catch(() => undefined))?.ok) {
      if (this.#child?.exitCode !== null) {
        throw new Error(`Gitea ended: ${readFileSync(join(this.#folder, 'gitea.log'), 'utf8')}`);
      }
      await delay(100);
    }
  }

  /** Makes somebody and a token of theirs. */
  async user(name: string, { admin = false, scopes = 'all' } = {}): Promise<string> {
    const account = ['--username', name, '--password', password, '--email', `${name}@example.com`];
    const more = ['--must-change-password=false', ...(admin ? ['--admin'] : [])];
    await this.#command('admin', 'user', 'create', ...account, ...more);
    const token = ['--username', name, '--scopes', scopes, '--raw'];
    return await this.#command('admin', 'user', 'generate-access-token', ...token);
  }

  runnerToken(): Promise<string> {
    return this.#command('actions', 'generate-runner-token');
  }

  async api<T>(token: string, method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { authorization: `token ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** Presses a button of a page, as somebody who has logged in: Gitea's API has not all of them. */
  async press(name: string, page: string): Promise<void> {
    const login = await fetch(`${this.url}/user/login`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ user_name: name, password }),
    });
    // A name may be set twice: the last one counts.
    const cookies = new Map(
      login.headers.getSetCookie().map((one) => {
        const [name = '', value = ''] = (one.split(';')[0] ?? '').split('=', 2);
        return [name, value];
      }),
    );
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const pressed = await fetch(page, { method: 'POST', redirect: 'manual', headers: { cookie } });
    if (!pressed.ok) throw new Error(`${page}: ${pressed.status} ${await pressed.text()}`);
  }

  async stop(): Promise<void> {
    if (this.#child && this.#child.exitCode === null) {
      const gone = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await gone;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const settings = (folder: string, port: number, statics: string) => `
APP_NAME = Forge
RUN_USER = ${process.getuid?.() === 0 ? 'root' : (process.env.USER ?? '')}
RUN_MODE = prod
WORK_PATH = ${folder}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${port}
ROOT_URL = http://127.0.0.1:${port}/
STATIC_ROOT_PATH = ${statics}
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = ${join(folder, 'gitea.db')}
[security]
INSTALL_LOCK = true
SECRET_KEY = of-a-test
INTERNAL_TOKEN = of-a-test
PASSWORD_HASH_ALGO = pbkdf2_v1
MIN_PASSWORD_LENGTH = 6
[actions]
ENABLED = true
[log]
LEVEL = Warn
`;
