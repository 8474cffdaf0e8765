import { styleText } from 'node:util';
import type { PreflightCheck } from '../process/outcomes.ts';

interface Row {
  cells: string[];
  ok: boolean;
  summary: string;
}

/** What was tried of each service, a line a check, with what to do where it failed. */
export function checkTable(
  results: readonly { name: string; checks: readonly PreflightCheck[] }[],
  hasColour: boolean,
): string {
  const rows = results.flatMap(({ checks }) => checks.map(rowOf));
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map(({ cells }) => cells[column]?.length ?? 0), 0),
  );
  const paint = (style: 'green' | 'red' | 'bold', text: string) =>
    hasColour ? styleText(style, text) : text;
  const line = ({ cells, ok, summary }: Row) => {
    const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    return `  ${ok ? paint('green', '✔') : paint('red', '✖')} ${padded}  ${summary}`;
  };
  const blocks = results.map(({ name, checks }) =>
    [
      paint('bold', name),
      ...(checks.length > 0
        ? checks.map((check) => line(rowOf(check)))
        : ['  · nothing that can be tried: by hand, and not measured']),
    ].join('\n'),
  );
  const bad = rows.filter(({ ok }) => !ok).length;
  const end =
    bad === 0
      ? paint('green', `All is well: ${rows.length} ${rows.length === 1 ? 'check' : 'checks'}.`)
      : paint('red', `${bad} of ${rows.length} checks failed.`);
  return `${[...blocks, end].join('\n\n')}\n`;
}

const rowOf = ({ environment, what, name, ok, summary, live }: PreflightCheck): Row => ({
  cells: [environment, what, name],
  ok,
  summary: live ? `${summary} Live: ${live}.` : summary,
});
