import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Program, root, temporaryFolder } from '../support/processes.ts';

const page = join(root, 'docs', 'benchmarks.md');

async function bench(...args: string[]) {
  const program = new Program(['dist/bench/main.js', ...args], {});
  const code = await program.ended();
  const { output } = program;
  program.forget();
  return { code, output };
}

test('one measurement is made on the real server and told, and nothing is written', async () => {
  const before = readFileSync(page, 'utf8');
  const { code, output } = await bench('history');
  expect(output).toMatch(/events of a straight incident, manual +\| \d+ +\| at most 150 \| holds/);
  expect(output).toMatch(/12 signals/);
  // What else it measures has bars of its own; the exit code tells of all.
  expect(code).toBe(output.includes('**missed**') ? 1 : 0);
  expect(readFileSync(page, 'utf8')).toBe(before);
});

test('an unknown measurement gets a sentence with the known ones', async () => {
  const { code, output } = await bench('speed');
  expect(output).toMatch(
    /^There is no measurement "speed"; the measurements are start, .*ready\.\n$/,
  );
  expect(code).toBe(1);
});

test('interrupted, it ends everything that it started', async () => {
  const folder = temporaryFolder();
  const program = new Program(['dist/bench/main.js', 'history'], { TMPDIR: folder });
  await program.says('a straight incident');
  const address = addressIn(
    readFileSync(join(folder, readdirSync(folder)[0] ?? '', 'server.js-1.log'), 'utf8'),
  );
  expect((await fetch(`${address}/healthz`)).status).toBe(200);
  expect(await program.end('SIGINT')).toBe(130);
  await expect(fetch(`${address}/healthz`)).rejects.toThrow();
  expect(readdirSync(folder)).toEqual([]);
  program.forget();
  rmSync(folder, { recursive: true });
});

const addressIn = (log: string): string => /"url":"([^"]+)"/.exec(log)?.[1] ?? '';
