import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IncidentView } from '../../src/process/view.ts';
import { Program, root, temporaryFolder } from '../support/processes.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/```sh\n(.*?)```/gs)].map(([, code = '']) => code);
const blockWith = (text: string): string => blocks.find((block) => block.includes(text)) ?? '';

describe('the README', () => {
  let program: Program;
  let port: number;

  beforeAll(async () => {
    port = await getPort();
    program = new Program(['scripts/run.mjs', 'src/main.ts'], {
      HOTFIX_DATA: temporaryFolder(),
      PORT: String(port),
      TEMPORAL_PORT: String(await getPort()),
      TEMPORAL_UI_PORT: String(await getPort()),
    });
    await program.says('Hotfix is ready.');
  });

  afterAll(async () => {
    await program.end();
    program.forget();
  });

  const shell = async (script: string): Promise<string> => {
    const local = script.replaceAll('localhost:3000', `127.0.0.1:${port}`);
    const { stdout } = await promisify(execFile)('bash', ['-euc', local]);
    return stdout;
  };

  test('its first incident goes from the declaration to closed', async () => {
    const opened = JSON.parse(await shell(blockWith('"title"'))) as IncidentView;
    expect(opened.waitingFor.map(({ role }) => role)).toEqual(['priorityAssessor']);
    const roles = blockWith('say priorityAssessed').replace(/^id=.*$/m, `id=${opened.id}`);
    expect(await shell(roles)).toContain('# Post-mortem: Checkout is down');
    const status = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/incidents/${opened.id}`);
      return ((await answer.json()) as IncidentView).status;
    };
    await expect.poll(status, { timeout: 20_000 }).toBe('closed');
  });

  test('its commands exist, and so do the pages that it links', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const commands = [
      ...readme.matchAll(/npm (?:run )?(start|test|demo|bench|token|check|policy)/g),
    ];
    expect(commands.filter(([, name = '']) => !scripts[name])).toEqual([]);
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, file = '']) => file);
    expect(links.length).toBeGreaterThan(8);
    expect(links.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});
