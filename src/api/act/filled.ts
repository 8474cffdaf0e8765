import type { z } from 'zod';
import { signalSchemas } from '../../process/signals.ts';
import type { AskedSignal } from '../../process/waiting.ts';
import { type Field, fieldsOf } from './forms.ts';

/** A form as a browser sends it. */
export type Entries = URLSearchParams;

/** What is wrong with a field, by its name. */
export type Faults = Record<string, string>;

export type Filled = { ok: true; body: object } | { ok: false; faults: Faults };

/** The body of a signal from the entries of its form; `fixed` is what the link itself says. */
export function bodyOf(signal: AskedSignal, entries: Entries, fixed: object = {}): Filled {
  const read = fieldsOf(signal).map(([name, field]) => [
    name,
    valueIn(field, entries.get(name) ?? ''),
  ]);
  const parsed = signalSchemas[signal].safeParse({ ...Object.fromEntries(read), ...fixed });
  return parsed.success
    ? { ok: true, body: parsed.data }
    : { ok: false, faults: faultsOf(parsed.error) };
}

function valueIn({ kind }: Field, text: string): unknown {
  const lines = text.replaceAll('\r\n', '\n').trim();
  switch (kind) {
    case 'tick':
      return text === 'true';
    case 'yesNo':
      return text === '' ? undefined : text === 'true';
    case 'list':
      return lines.split('\n').flatMap((line) => line.trim() || []);
    case 'time':
      // A browser leaves out seconds that are zero.
      return lines === '' ? undefined : `${lines.length === 16 ? `${lines}:00` : lines}Z`;
    default:
      return lines === '' ? undefined : lines;
  }
}

function faultsOf({ issues }: z.ZodError): Faults {
  const faults: Faults = {};
  for (const issue of issues) {
    const [name = '', index] = issue.path.map(String);
    const where = index === undefined ? '' : `Line ${Number(index) + 1}: `;
    faults[name] ??= where + sentenceOf(issue);
  }
  return faults;
}

function sentenceOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
    case 'invalid_value':
    case 'too_small':
      return 'This is needed.';
    case 'too_big':
      return issue.origin === 'array'
        ? `At most ${issue.maximum} lines.`
        : `At most ${issue.maximum} characters.`;
    case 'invalid_format':
      return issue.format === 'datetime' ? 'This is not a time.' : `This ${issue.message}.`;
    default:
      return `${issue.message[0]?.toUpperCase()}${issue.message.slice(1)}.`;
  }
}

/** What a body says, as its form asked for it; what was left out is not there. */
export const answersOf = (signal: AskedSignal, body: object): [label: string, text: string][] =>
  fieldsOf(signal).flatMap(([name, field]) => {
    const value: unknown = Object.entries(body).find(([key]) => key === name)?.[1];
    return value === undefined ? [] : [[field.label, wordsOf(field, value)]];
  });

function wordsOf(field: Field, value: unknown): string {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (Array.isArray(value)) return value.join('\n') || 'None';
  const text = String(value);
  return field.kind === 'choice' ? (field.options[text] ?? text) : text;
}
