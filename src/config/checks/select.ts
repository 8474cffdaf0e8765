import type { Path } from '../problems.ts';
import { valueAt } from '../sentences.ts';

export interface Selected {
  path: Path;
  value: unknown;
}

/**
 * The parts of plain data whose paths match; `*` is any key or index. Data of any shape is taken, so
 * that what is right in a file is checked though other parts of it are wrong.
 */
export function select(data: unknown, pattern: string): Selected[] {
  const steps = pattern.split('.');
  return steps.reduce<Selected[]>(
    (selected, step) => selected.flatMap((part) => enter(part, step)),
    [{ path: [], value: data }],
  );
}

function enter({ path, value }: Selected, step: string): Selected[] {
  if (typeof value !== 'object' || value === null) return [];
  const keys =
    step !== '*' ? [step] : Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys
    .map((key) => ({ path: [...path, key], value: valueAt(value, [key]) }))
    .filter((part) => part.value !== undefined);
}

export interface SelectedText extends Selected {
  value: string;
}

/** As {@link select}, of several patterns, without what is not text. */
export const selectTexts = (data: unknown, ...patterns: string[]): SelectedText[] =>
  patterns
    .flatMap((pattern) => select(data, pattern))
    .filter((part): part is SelectedText => typeof part.value === 'string');
