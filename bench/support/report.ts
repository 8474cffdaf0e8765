import { readFile, writeFile } from 'node:fs/promises';
import { type Bar, type Findings, holds, type Measurement } from './measurement.ts';

const begin = '<!-- results: written by npm run bench -->';
const end = '<!-- end of results -->';

/** One measurement, as Markdown that can be read as it is. */
export function section({ title, about }: Measurement, { table, notes = [] }: Findings): string {
  return [`### ${title}`, about, markdownTable(table), ...notes].join('\n\n');
}

/** What holds and what does not. */
export function barsTable(bars: Bar[]): string {
  const text = (value: number, unit = '') =>
    `${Number.isInteger(value) ? value : value.toFixed(2)}${unit && ` ${unit}`}`;
  const rows = bars.map((bar) => [
    bar.what,
    text(bar.value, bar.unit),
    bar.atMost === undefined
      ? `at least ${text(bar.atLeast ?? 0, bar.unit)}`
      : `at most ${text(bar.atMost, bar.unit)}`,
    holds(bar) ? 'holds' : '**missed**',
  ]);
  return markdownTable([['bar', 'measured', 'wanted', ''], ...rows]);
}

/** Columns as wide as their widest cell, so that the table is one on a terminal too. */
export function markdownTable([head = [], ...rows]: string[][]): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** Puts the results into the page in the place of the ones before. */
export function withResults(page: string, results: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) {
    throw new Error(`The page has no place for the results, between "${begin}" and "${end}".`);
  }
  return `${page.slice(0, from + begin.length)}\n\n${results}\n\n${page.slice(to)}`;
}

export async function writeResults(file: string, results: string): Promise<void> {
  await writeFile(file, withResults(await readFile(file, 'utf8'), results));
}
