import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { countingLengths } from '../process/lengths.ts';
import { checkAccess } from './checks/access.ts';
import { checkContacts } from './checks/contacts.ts';
import { checkEnvironment, type Environment } from './checks/environment.ts';
import { checkMeasures } from './checks/measures.ts';
import { checkNames } from './checks/names.ts';
import { checkTargets } from './checks/targets.ts';
import { checkTeams } from './checks/teams.ts';
import { type ConfigDocument, readDocument } from './document.ts';
import { ConfigError, type Finding, type Problem, spellPath, withoutSecrets } from './problems.ts';
import { type Config, configSchema } from './schema.ts';
import { findingsOf, keysNamed } from './sentences.ts';

/** Where the configuration is looked for when no file is named. */
export const defaultFile = 'hotfix.yaml';

/**
 * Reads and checks the configuration. Given null, it is `hotfix.yaml` of the working directory, and
 * the defaults where there is none; a file that was named must be there, since a mistyped name must
 * not open the service to everyone.
 * Throws a {@link ConfigError} with everything that is wrong.
 */
export async function loadConfig(path: string | null, env: Environment): Promise<Config> {
  const text = await readText(path);
  return text === null ? configSchema.parse({}) : parseConfig(text, env, spellFile(path));
}

/** As {@link loadConfig}, of a text; `file` is what problems call it. */
export function parseConfig(text: string, env: Environment, file = defaultFile): Config {
  const document = readDocument(text);
  const result = countingLengths(configSchema).safeParse(document.data, { error: keysNamed });
  if (result.success && document.problems.length === 0) {
    const findings = checksOf(document.data, env);
    if (findings.length === 0) return result.data;
    throw new ConfigError(file, located(findings, document));
  }
  throw new ConfigError(file, allProblems(document, result.error, env));
}

function allProblems(
  document: ConfigDocument,
  error: Parameters<typeof findingsOf>[0] | undefined,
  env: Environment,
): Problem[] {
  if (document.data === undefined) return ordered(document.problems);
  const shape = error ? findingsOf(error, document.data) : [];
  const findings = [...shape, ...checksOf(document.data, env)];
  return ordered([...document.problems, ...located(findings, document)]);
}

const checksOf = (data: unknown, env: Environment): Finding[] => [
  ...checkNames(data),
  ...checkTargets(data),
  ...checkTeams(data),
  ...checkAccess(data),
  ...checkMeasures(data),
  ...checkContacts(data),
  ...checkEnvironment(data, env),
];

/** Of what aliases repeat, a problem is told once. */
function located(findings: readonly Finding[], { placeOf }: ConfigDocument): Problem[] {
  const problems = new Map<string, Problem>();
  for (const { path, sentence, at } of findings) {
    const place = placeOf(path, at);
    const key = `${place.line}:${place.column} ${sentence}`;
    const problem = { place, path: spellPath(path), sentence: withoutSecrets(sentence) };
    if (!problems.has(key)) problems.set(key, problem);
  }
  return ordered([...problems.values()]);
}

const ordered = (problems: readonly Problem[]): Problem[] =>
  problems.toSorted(
    ({ place: one }, { place: other }) =>
      (one?.line ?? 0) - (other?.line ?? 0) || (one?.column ?? 0) - (other?.column ?? 0),
  );

/** As people call it from where they are. */
function spellFile(path: string | null): string {
  const fromHere = relative('', path ?? defaultFile);
  return fromHere.startsWith('..') ? (path ?? defaultFile) : fromHere || '.';
}

/** The text, or null where no file was named and there is none. */
async function readText(path: string | null): Promise<string | null> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path ?? defaultFile));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (path === null && code === 'ENOENT') return null;
    throw new ConfigError(spellFile(path), [{ path: '', sentence: unreadable(code) }]);
  }
}

function unreadable(code: string): string {
  switch (code) {
    case 'ENOENT':
      return 'there is no such file: correct HOTFIX_CONFIG, or create it.';
    case 'EISDIR':
      return 'this is a directory: name the file itself in HOTFIX_CONFIG.';
    case 'EACCES':
    case 'EPERM':
      return 'the file may not be read: give this user the permission to.';
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'the file is not UTF-8 text: save it as UTF-8.';
    default:
      return `the file cannot be read (${code}).`;
  }
}
