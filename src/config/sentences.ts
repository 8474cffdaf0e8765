import type { z } from 'zod';
import type { Finding, Path } from './problems.ts';

/** What zod found, as sentences for people; never with the value itself, which may be a secret. */
export const findingsOf = (error: z.ZodError, data: unknown): Finding[] =>
  error.issues.flatMap((issue) => explain(issue, [], data));

/** Names the keys that there are; zod knows them only while it parses. */
export const keysNamed: z.core.$ZodErrorMap = ({ code, inst }) => {
  if (code !== 'unrecognized_keys') return undefined;
  const shape = inst && 'shape' in inst._zod.def ? inst._zod.def.shape : undefined;
  return `is not a key here; the keys are ${Object.keys(shape ?? {}).join(', ')}.`;
};

function explain(issue: z.core.$ZodIssue, above: Path, data: unknown): Finding[] {
  const path = [...above, ...(issue.path as (string | number)[])];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        sentence: issue.message,
        at: 'key',
      }));
    case 'invalid_key':
      return [{ path, sentence: ended(messagesOf(issue.issues)), at: 'key' }];
    case 'invalid_union':
      return explainUnion(issue, path, data);
    default:
      return [{ path, sentence: sentenceOf(issue, valueAt(data, path)) }];
  }
}

function explainUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path, data: unknown): Finding[] {
  const value = valueAt(data, path);
  if (issue.discriminator !== undefined) {
    const options = 'options' in issue ? [issue.options].flat().map(String) : [];
    return [{ path, sentence: isGiven(value) ? mustBeOneOf(options) : missing(options) }];
  }
  const entered = issue.errors.find((branch) => branch.some((inner) => !isOfOtherType(inner)));
  if (entered) return entered.flatMap((inner) => explain(inner, path, data));
  const types = issue.errors.flat().map((inner) => typeName(expectedBy(inner)));
  return [{ path, sentence: mustBe(listed([...new Set(types)]), value) }];
}

const isOfOtherType = (issue: z.core.$ZodIssue): boolean =>
  issue.code === 'invalid_type' && issue.path.length === 0;

const expectedBy = (issue: z.core.$ZodIssue): string =>
  issue.code === 'invalid_type' ? issue.expected : '';

function sentenceOf(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return mustBe(typeName(issue.expected), value);
    case 'invalid_value': {
      const options = issue.values.map(String);
      return isGiven(value) ? mustBeOneOf(options) : missing(options);
    }
    case 'too_small':
      return isGiven(value) && issue.minimum === 1 && issue.origin !== 'number'
        ? 'must not be empty.'
        : `must ${extent(issue.origin, `at least ${issue.minimum}`)}.`;
    case 'too_big':
      return `must ${extent(issue.origin, `at most ${issue.maximum}`)}.`;
    default:
      return ended(issue.message);
  }
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

const mustBeOneOf = (options: readonly string[]) => `must be ${listed(options)}.`;

const missing = (options: readonly string[]) => `is missing: write ${listed(options)}.`;

function mustBe(type: string, value: unknown): string {
  if (value === undefined) return `is missing: it must be ${type}.`;
  if (value === null) return `is empty: it must be ${type}; fill it in or remove it.`;
  const given = typeName(typeOf(value));
  return type === typeNames.int && given === typeNames.number
    ? `must be ${type}.`
    : `must be ${type}, not ${given}.`;
}

const typeNames: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map of keys and values',
  record: 'a map of keys and values',
};

const typeName = (type: string): string => typeNames[type] ?? 'something else';

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value);

/** What a bound means for each kind of value. */
function extent(origin: string, bound: string): string {
  if (origin === 'string') return `have ${bound} characters`;
  return origin === 'array' ? `have ${bound} entries` : `be ${bound}`;
}

const listed = (options: readonly string[]): string =>
  options.length < 2 ? options.join('') : `${options.slice(0, -1).join(', ')} or ${options.at(-1)}`;

const messagesOf = (issues: readonly z.core.$ZodIssue[]): string =>
  issues.map((issue) => (issue.code === 'too_big' ? 'is too long' : issue.message)).join(' and ');

const ended = (sentence: string): string => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`);

/** The part of plain data at a path, or undefined. */
export function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    data,
  );
}
