import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createDirectory } from '../../src/config/directory.ts';
import { parseConfig } from '../../src/config/load.ts';
import { tokenCommand } from '../../src/config/token-command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'hotfix-token-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fileOf = (text: string) => {
  const file = path.join(folder, 'hotfix.yaml');
  writeFileSync(file, text);
  return { HOTFIX_CONFIG: file };
};

const parts = (output: string) => ({
  token: /^ {2}(hfx_\S+)$/m.exec(output)?.[1] ?? '',
  line: /^ {2}(token: sha256:\S+)$/m.exec(output)?.[1] ?? '',
});

test('the token that is shown is the one of the line for the file', async () => {
  const { exitCode, output, warning } = await tokenCommand(
    ['ana'],
    fileOf('people: { ana: { name: Ana } }'),
  );
  expect({ exitCode, warning }).toEqual({ exitCode: 0, warning: undefined });
  const { token, line } = parts(output);
  const roles =
    'incidentManager,priorityAssessor,bugFixer,deployer,monitor,tester,postMortemLead,processImprover'
      .split(',')
      .map((role) => `  ${role}: [ana]`);
  const others = ['ben', 'cy'].map(
    (id) =>
      `  ${id}: { name: ${id}, token: sha256:${id === 'ben' ? '1'.repeat(64) : '2'.repeat(64)} }`,
  );
  const text = [
    'people:',
    '  ana:',
    '    name: Ana',
    `    ${line}`,
    ...others,
    'roles:',
    ...roles,
    '  reviewer: [ben]',
    '  securityReviewer: [cy]',
  ].join('\n');
  expect(createDirectory(parseConfig(text, {})).callerOf(token)).toEqual({
    kind: 'person',
    id: 'ana',
  });
});

test('a tool gets one in the same way, and no two are alike', async () => {
  const env = fileOf('tools: { pager: {} }');
  const [one, other] = [await tokenCommand(['pager'], env), await tokenCommand(['pager'], env)];
  expect(one.warning).toBeUndefined();
  expect(parts(one.output).token).not.toBe(parts(other.output).token);
});

test.each([
  ['people: { ana: { name: Ana } }', 'is in .* neither among the people nor among the tools'],
  ['people: {', 'is not valid YAML'],
])('who is not to be found in %j is warned about, and gets a token', async (text, warning) => {
  const result = await tokenCommand(['zoe'], fileOf(text));
  expect(result.exitCode).toBe(0);
  expect(result.warning).toMatch(new RegExp(warning));
  expect(parts(result.output).token).not.toBe('');
});

test('without a file there is a warning, and a token', async () => {
  const result = await tokenCommand(['ana'], { HOTFIX_CONFIG: path.join(folder, 'none.yaml') });
  expect(result.warning).toMatch(/none\.yaml cannot be read; add ana to it/);
  expect(parts(result.output).token).not.toBe('');
});

test.each([
  [[], 'Say whose token'],
  [['ana', 'ben'], 'One token at a time'],
  [['--force'], 'This is not an id'],
  [['a b'], 'This is not an id'],
])('%j makes no token and tells the usage', async (args, said) => {
  const { exitCode, output, warning } = await tokenCommand(args, {});
  expect({ exitCode, output }).toEqual({ exitCode: 2, output: '' });
  expect(warning).toMatch(new RegExp(`^${said}[\\s\\S]*Usage: npm run token -- PERSON`));
});

test('--help is the usage', async () => {
  expect(await tokenCommand(['--help'], {})).toMatchObject({
    exitCode: 0,
    output: expect.stringMatching(/^Usage:/),
  });
});
