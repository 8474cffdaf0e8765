// Sets up what is missing, runs the tests, and closes with the one line that tools read.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { checkNode, install, root } from './setup.mjs';

checkNode();
install();
const folder = mkdtempSync(join(tmpdir(), 'hotfix-test-'));
const report = join(folder, 'report.json');
const vitest = join(
  dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
);
const run = spawnSync(
  process.execPath,
  [
    ...[vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
);

const {
  numPassedTests: passed = 0,
  numPendingTests: skipped = 0,
  testResults: files = [],
} = readReport();
rmSync(folder, { recursive: true, force: true });
const told = files.flatMap(failuresOf);
for (const failure of told) console.log(`failed: ${failure}`);
// What fails beside the tests, such as a rejection that nobody awaits, fails the run all the same.
const failures = run.status === 0 ? 0 : Math.max(told.length, 1);
console.log(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failures > 0 || passed === 0 ? 1 : 0);

/** A line for each, so that the end of a long log tells them all. */
function failuresOf({ name, message, assertionResults: tests }) {
  const file = relative(root, name);
  const failures = tests.flatMap(({ status, fullName, failureMessages: [first = ''] }) =>
    status === 'failed' ? `${file} > ${fullName}: ${firstLine(first)}` : [],
  );
  return failures.length === 0 && message ? [`${file}: ${firstLine(message)}`] : failures;
}

function firstLine(text) {
  return stripVTControlCharacters(text.split('\n', 1)[0]).slice(0, 300);
}

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return {};
  }
}
