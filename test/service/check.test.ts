import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { checkTable } from '../../src/service/check-table.ts';
import { answer, listen } from '../activities/server.ts';
import { Program } from '../support/processes.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hotfix-check-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** `npm run check`, as it is run by it. */
async function check(services: object): Promise<{ code: number | null; output: string }> {
  const file = join(folder, 'hotfix.yaml');
  writeFileSync(file, stringify({ services }));
  const program = new Program(['dist/src/service/check.js'], { HOTFIX_CONFIG: file });
  const code = await program.ended();
  const { output } = program;
  program.forget();
  return { code, output };
}

const command = (program: string) => ({
  production: { deploy: { adapter: 'command', command: [program] } },
});
const measuredBy = (url: string) => ({
  production: { measures: [{ adapter: 'http', name: 'health', url }] },
});

describe('npm run check', () => {
  test('tries what every service is connected to, and says so line by line', async () => {
    const { url, received } = await listen((_, response) => answer(response, 200));
    const { code, output } = await check({
      shop: { deploy: command('node'), monitoring: measuredBy(url) },
      desk: {},
    });
    expect(output).toMatch(
      /shop\n {2}✔ production {2}deploy {3}command {2}.+\n {2}✔ production {2}measure {2}health/,
    );
    expect(output).toMatch(/desk\n {2}· nothing that can be tried/);
    expect(output).toContain('All is well: 2 checks.');
    expect(code).toBe(0);
    expect(received).toHaveLength(1);
  });

  test('what fails is marked, with what to do, and the exit code says it', async () => {
    const { code, output } = await check({ shop: { deploy: command('no-such-program') } });
    expect(output).toMatch(/✖ production {2}deploy {2}command {2}.*no-such-program was not found/);
    expect(output).toContain('1 of 1 checks failed.');
    expect(code).toBe(1);
  });

  test('a broken file is a sentence', async () => {
    const { code, output } = await check({ shop: { deploy: { production: 7 } } });
    expect(output).toContain('services.shop.deploy.production');
    expect(output).not.toContain('    at ');
    expect(code).toBe(1);
  });
});

test('the columns stand in line, and what is live is told', () => {
  const check = { environment: 'staging', what: 'deploy', name: 'argocd' } as const;
  const table = checkTable(
    [
      {
        name: 'shop',
        checks: [
          { ...check, ok: true, summary: 'Reached.', live: 'v41' },
          {
            ...check,
            environment: 'production',
            what: 'measure',
            name: 'up',
            ok: false,
            summary: 'No.',
          },
        ],
      },
    ],
    false,
  );
  expect(table.split('\n').slice(1, 3)).toEqual([
    '  ✔ staging     deploy   argocd  Reached. Live: v41.',
    '  ✖ production  measure  up      No.',
  ]);
});
