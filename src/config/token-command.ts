import { readFile } from 'node:fs/promises';
import { readDocument } from './document.ts';
import { defaultFile } from './load.ts';
import { idSchema } from './schema.ts';
import { valueAt } from './sentences.ts';
import { createToken, hashOf } from './tokens.ts';

export interface CommandResult {
  exitCode: number;
  output: string;
  /** For the error output. */
  warning?: string;
}

const usage = `Usage: npm run token -- PERSON

Makes a token for a person or a tool of hotfix.yaml. PERSON is the id there. The token is shown
once and kept nowhere; hotfix.yaml gets its SHA-256. HOTFIX_CONFIG names another file.
`;

/** `npm run token`: makes a token and says where its hash belongs. The file itself is not changed. */
export async function tokenCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<CommandResult> {
  const [id, ...more] = args;
  if (id === '--help' || id === '-h') return { exitCode: 0, output: usage };
  const problem = problemOf(id, more);
  if (id === undefined || problem)
    return { exitCode: 2, output: '', warning: `${problem}\n\n${usage}` };
  const warning = await warningOf(id, env.HOTFIX_CONFIG || defaultFile);
  return { exitCode: 0, output: describe(id, createToken()), ...(warning && { warning }) };
}

function problemOf(id: string | undefined, more: readonly string[]): string | undefined {
  if (id === undefined) return 'Say whose token it is to be.';
  if (more.length > 0) return 'One token at a time: give one id.';
  return idSchema.safeParse(id).success
    ? undefined
    : 'This is not an id: it is letters, digits and _ . @ -, starting with a letter or digit.';
}

const describe = (id: string, token: string): string => `The token of ${id}, shown only now:

  ${token}

For hotfix.yaml, under ${id} (during a change of tokens, a list of both):

  token: ${hashOf(token)}
`;

/** What of the file is otherwise wrong is not asked here: a token may be what it lacks. */
async function warningOf(id: string, file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return `Warning: ${file} cannot be read; add ${id} to it.\n`;
  const { data } = readDocument(text);
  if (data === undefined) return `Warning: ${file} is not valid YAML; see whether it has ${id}.\n`;
  return valueAt(data, ['people', id]) === undefined && valueAt(data, ['tools', id]) === undefined
    ? `Warning: ${id} is in ${file} neither among the people nor among the tools; add it there.\n`
    : undefined;
}
