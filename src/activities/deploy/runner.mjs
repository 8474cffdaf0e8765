// @ts-check
/*
 * Runs one program and writes down how it ended. It is a process of its own, in its own session, so
 * that a deploy outlives the worker that began it; and plain JavaScript, so that Node runs it as it
 * is, from the sources and from the build.
 *
 *   node runner.mjs DIRECTORY TIMEOUT_MS GRACE_MS CWD PROGRAM [ARGUMENT...]
 *
 * The program gets the environment that this process has. DIRECTORY then holds:
 *   claim.json    who runs it; touched several times a second while the runner lives
 *   program.json  the program's process
 *   output.log    what it writes, with the part before that in output.1.log
 *   exit.json     how it ended
 *   stop          made by others to have it stopped
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beginningOf, machineId } from './process-identity.mjs';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { Ending } from './run-directory.ts' */

const largestLog = 1024 * 1024;
const lookEvery = 200;
/** A program may leave a server behind that keeps the pipe open for ever. */
const lastWordsWithin = 500;

const [directory = '', timeout, grace, cwd = '', program = '', ...programArguments] =
  process.argv.slice(2);
const inDirectory = (/** @type {string} */ name) => join(directory, name);
const startedAt = new Date().toISOString();
/** @type {{ how: Ending['how'], killed: boolean, over: Promise<void> } | undefined} */
let stopping;
/**
 * The program's process group, while the program runs: what it leaves behind on purpose lives on.
 *
 * @type {number | undefined}
 */
let group;

if (claim()) {
  finish(await run());
}
process.exit(0);

/** Of all runners of this directory, one gets true: a hard link is made once, with its content. */
function claim() {
  const mine = inDirectory(`claim.${process.pid}`);
  const { pid } = process;
  writeDurably(mine, { pid, began: beginningOf(pid), machine: machineId(), startedAt });
  try {
    linkSync(mine, inDirectory('claim.json'));
    syncDirectory();
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(mine);
  }
}

/** @returns {Promise<Pick<Ending, 'how' | 'code' | 'signal' | 'killed' | 'problem'>>} */
async function run() {
  const lookout = setInterval(look, lookEvery);
  try {
    const child = spawn(program, programArguments, {
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const closed = once(child, 'close').catch(() => undefined);
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const exited = once(child, 'exit');
    if (child.pid !== undefined) watchOver(child, child.pid);
    const [code, signal] = await exited;
    await stopping?.over;
    await Promise.race([closed, delay(lastWordsWithin)]);
    const { how = 'exited', killed = false } = stopping ?? {};
    return { how, code, signal, killed };
  } catch (error) {
    return { how: 'notStarted', code: null, signal: null, killed: false, problem: whyNot(error) };
  } finally {
    clearInterval(lookout);
  }
}

/**
 * @param {ChildProcess} child
 * @param {number} pid
 */
function watchOver(child, pid) {
  writeRecord('program.json', { pid, began: beginningOf(pid) });
  group = pid;
  const limit = setTimeout(stop, Number(timeout), 'timedOut');
  child.once('exit', () => {
    clearTimeout(limit);
    group = undefined;
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
    process.on(signal, () => stop('terminated'));
}

function look() {
  if (existsSync(inDirectory('stop'))) stop('cancelled');
  const now = new Date();
  try {
    utimesSync(inDirectory('claim.json'), now, now);
  } catch {
    // The program goes on, whoever has tidied up its directory.
  }
}

/** @param {Ending['how']} how */
function stop(how) {
  if (group !== undefined) stopping ??= stopGroup(group, how);
}

/**
 * @param {number} members
 * @param {Ending['how']} how
 */
function stopGroup(members, how) {
  const state = { how, killed: false, over: Promise.resolve() };
  state.over = (async () => {
    signalGroup(members, 'SIGTERM');
    const deadline = performance.now() + Number(grace);
    while (signalGroup(members, 0) && performance.now() < deadline) await delay(50);
    state.killed = signalGroup(members, 'SIGKILL');
  })();
  return state;
}

/**
 * Whether there was anything left to signal.
 *
 * @param {number} members
 * @param {NodeJS.Signals | 0} signal
 */
function signalGroup(members, signal) {
  try {
    return process.kill(-members, signal);
  } catch {
    return false;
  }
}

/** @param {Buffer} chunk */
function keep(chunk) {
  const log = inDirectory('output.log');
  try {
    if (existsSync(log) && statSync(log).size + chunk.length > largestLog) {
      renameSync(log, inDirectory('output.1.log'));
    }
    appendFileSync(log, chunk, { mode: 0o600 });
  } catch {
    // A full disk must not end a deploy in the middle; how it ended matters more than what it said.
  }
}

/** @param {unknown} error */
function whyNot(error) {
  if (!existsSync(cwd)) return 'noDirectory';
  const code = codeOf(error);
  return code === 'ENOENT' ? 'notFound' : code === 'EACCES' ? 'notExecutable' : String(code);
}

/** @param {object} ending */
function finish(ending) {
  writeRecord('exit.json', { ...ending, finishedAt: new Date().toISOString() });
}

/**
 * @param {string} name
 * @param {object} record
 */
function writeRecord(name, record) {
  const draft = inDirectory(`${name}.draft`);
  writeDurably(draft, record);
  renameSync(draft, inDirectory(name));
  syncDirectory();
}

/**
 * @param {string} path
 * @param {object} record
 */
function writeDurably(path, record) {
  writeFileSync(path, `${JSON.stringify(record)}\n`, { mode: 0o600, flush: true });
}

function syncDirectory() {
  const descriptor = openSync(directory, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : error;
}
