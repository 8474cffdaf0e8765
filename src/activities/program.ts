import { z } from 'zod';

export const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
  error: 'must be the name of an environment variable',
});

export const argument = z.string().refine((value) => !value.includes('\0'), {
  error: 'must not contain a NUL character',
});

/** What the configuration of everything that runs a program has. */
export const programFields = {
  command: z
    .tuple([argument.min(1)], argument)
    .describe('A program and its arguments; there is no shell in between'),
  cwd: z.string().min(1).optional().describe('The folder it runs in'),
  env: z
    .record(variable, argument)
    .default({})
    .describe('Environment variables that it gets; no secrets here'),
  passEnv: z
    .array(variable)
    .default([])
    .describe('Names of environment variables of this service that it inherits, such as secrets'),
};

/** What every program needs to behave as in a terminal; the rest of the environment stays here. */
const inherited = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR'];

/** Of the service's own environment, what every program gets. */
export const inheritedFrom = (
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> =>
  Object.fromEntries(
    inherited.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** Shorter values are too likely to be part of a word to be taken out of what a program says. */
const shortestSecret = 6;

/**
 * What is to be taken out of what a program says: each value, and each of its lines. The longest is the
 * first, since a shorter one may be a part of it.
 */
export const secretsAmong = (values: readonly string[]): string[] =>
  [...new Set(values.flatMap((value) => [value, value.trim(), ...linesOf(value)]))]
    .filter((value) => value.length >= shortestSecret)
    .sort((one, other) => other.length - one.length);

const linesOf = (value: string): string[] => value.split(/\r?\n/).map((line) => line.trim());

export const withoutSecrets = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
