// What every command needs before it can run. Plain JavaScript without dependencies: it runs first.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => join(root, ...parts);
const oldestNode = [20, 19];

/** Ends the process with a sentence where Node is too old. */
export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  fail(
    `Hotfix needs Node ${oldestNode.join('.')} or newer; this is ${version}. Install a newer Node.`,
  );
}

/** Installs the packages of package-lock.json, unless they are installed already. */
export function install() {
  const stamp = at('node_modules', '.hotfix-installed');
  const wanted = hashOf(['package-lock.json']);
  if (read(stamp) === wanted) return;
  oneAtATime('install', () => {
    if (read(stamp) === wanted) return;
    say('Installing packages (once; about a minute) …');
    const done = spawnSync(
      'npm',
      ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        cwd: root,
        stdio: ['ignore', 'ignore', 'inherit'],
        shell: process.platform === 'win32',
      },
    );
    if (done.status !== 0) {
      fail('npm could not install the packages: see its message above, then run this again.');
    }
    writeFileSync(stamp, wanted);
  });
}

/** Compiles to dist/ and bundles the workflow, unless that was done for these sources already. */
export function build() {
  const stamp = at('dist', '.hotfix-built');
  const wanted = hashOf([
    ...['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'worker.ts'],
    ...['scripts/build.mjs', 'src', 'examples', 'bench'],
  ]);
  if (read(stamp) === wanted) return;
  oneAtATime('build', () => {
    if (read(stamp) === wanted) return;
    say('Compiling …');
    const done = spawnSync(process.execPath, [at('scripts', 'build.mjs')], {
      cwd: root,
      stdio: 'inherit',
    });
    if (done.status !== 0) fail('The sources do not compile: see the messages above.');
    writeFileSync(stamp, wanted);
  });
}

function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}

function fail(sentence) {
  say(sentence);
  process.exit(1);
}

const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

function hashOf(places) {
  const hash = createHash('sha256');
  for (const file of places.flatMap(filesOf).sort())
    hash.update(file).update(readFileSync(at(file)));
  return hash.digest('hex');
}

function filesOf(place) {
  if (!existsSync(at(place))) return [];
  if (!statSync(at(place)).isDirectory()) return [place];
  return readdirSync(at(place), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1));
}

/** Two commands started at once must not install or build into each other. */
function oneAtATime(name, work) {
  mkdirSync(at('.hotfix'), { recursive: true });
  const lock = at('.hotfix', `${name}.lock`);
  const nap = new Int32Array(new SharedArrayBuffer(4));
  const claim = `${lock}.${process.pid}`;
  writeFileSync(claim, String(process.pid));
  for (let isTold = false; ; isTold = true) {
    try {
      // A link appears with its content: nobody can take a lock that is being written for a dead one.
      linkSync(claim, lock);
      break;
    } catch {
      if (!isAlive(Number(read(lock)))) {
        rmSync(lock, { force: true });
        continue;
      }
      if (!isTold) say(`Waiting for another command to finish its ${name} …`);
      Atomics.wait(nap, 0, 0, 200);
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
    rmSync(claim, { force: true });
  }
}

function isAlive(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}
