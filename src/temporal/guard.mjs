// Runs a server for as long as the pipe to our standard input is open. The pipe closes by itself when
// whoever started us is gone, however it went, so the server cannot outlive it.
// Usage: node guard.mjs LOCK-FILE|- PROGRAM ARGUMENTS...
import { spawn } from 'node:child_process';
import { rmSync, utimesSync, writeFileSync } from 'node:fs';

const GRACE_MS = 8_000;
const TOUCH_EVERY_MS = 1_000;

// Incidents are in what the server writes: it is for its owner alone.
process.umask(0o077);

const [lockFile, program, ...args] = process.argv.slice(2);
if (lockFile !== '-') holdLock();
const server = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });

server.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
server.on('exit', (code) => process.exit(code ?? 1));

let ending = false;
process.stdin.on('error', end).on('close', end).resume();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, end);

function end() {
  if (ending) return;
  ending = true;
  server.kill('SIGTERM');
  setTimeout(() => server.kill('SIGKILL'), GRACE_MS).unref();
}

function holdLock() {
  try {
    const holder = JSON.stringify({ owner: process.ppid, guard: process.pid });
    writeFileSync(lockFile, holder, { flag: 'wx' });
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  setInterval(touch, TOUCH_EVERY_MS).unref();
  process.on('exit', () => rmSync(lockFile, { force: true }));
}

function touch() {
  const now = new Date();
  try {
    utimesSync(lockFile, now, now);
  } catch {
    // Somebody removed the data under us: the server will say so better than we can.
  }
}
