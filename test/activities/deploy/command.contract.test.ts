import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeploySystem, deployContract } from './contract.ts';

/** A program that people would run: it appends what it does to a log, and does as a file tells it. */
async function makeProgram(): Promise<DeploySystem> {
  const folder = mkdtempSync(join(tmpdir(), 'hotfix-program-'));
  const file = (name: string) => join(folder, name);
  const program = file('deploy.mjs');
  writeFileSync(program, source, { mode: 0o755 });
  const lines = (name: string) =>
    existsSync(file(name)) ? readFileSync(file(name), 'utf8').split('\n') : [];

  return {
    config: () => ({
      adapter: 'command',
      command: [process.execPath, program],
      cwd: folder,
      stopGrace: '300ms',
    }),
    env: {},
    refs: ['v2', 'v3'],
    begun: async (key) => lines('begun').filter((line) => line === key).length,
    hang: async () => writeFileSync(file('hang'), ''),
    async end(key, outcome) {
      appendFileSync(file('ended'), `${key} ${outcome}\n`);
      rmSync(file('hang'), { force: true });
    },
    stopped: async (key) => lines('stopped').includes(key),
    async stopElsewhere(key) {
      process.kill(Number(readFileSync(file(`pid-${key}`), 'utf8')), 'SIGKILL');
      return /ended by SIGKILL/;
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

const source = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
const key = process.env.HOTFIX_IDEMPOTENCY_KEY;
process.on('SIGTERM', () => {
  appendFileSync('stopped', key + '\\n');
  process.exit(0);
});
writeFileSync('pid-' + key, String(process.pid));
appendFileSync('begun', key + '\\n');
console.log('deploying');
const told = () => !existsSync('ended') ? undefined : readFileSync('ended', 'utf8').split('\\n').find((line) => line.startsWith(key + ' '));
while (existsSync('hang') && !told()) await delay(20);
process.exitCode = told()?.endsWith('failed') ? 1 : 0;
`;

const local = 'a program is no server';
const ownMatter = 'what a program needs to be allowed is its own matter';
const noIdea = 'a program is not asked what is live, and the one that rolls back has to know';

deployContract({
  adapter: 'command',
  make: makeProgram,
  lacks: {
    url: local,
    begins: local,
    before: noIdea,
    live: noIdea,
    forget: noIdea,
    changeByHand: noIdea,
    wrongCredential: ownMatter,
    missingPermission: ownMatter,
    targetNotFound: 'a program that is missing is told by a failure of its own, ProgramNotStarted',
    refused: ownMatter,
  },
});
