import type { DryRun } from '../process/dryRun.ts';
import { spell } from '../process/duration.ts';
import { withinWorkingHours } from '../process/workingHours.ts';

/** One column of a bar. */
export interface Cell {
  glyph: string;
  /** What is told there: a level, 0 for the turn, `again` from where it only repeats. */
  told: number | 'again' | null;
}

export interface Bar {
  cells: Cell[];
  /** The times below the marks, as far as there is room. */
  labels: string;
}

/**
 * A wait as a bar of some width, to its own scale: a mark for each telling, with the number of its
 * level (as a letter from the tenth on). Broken where nobody is told because of the hour.
 */
export function barOf(run: DryRun, wanted: number): Bar {
  const marks = marksOf(run);
  const width = Math.max(wanted, marks.length);
  const length = Math.max(1, Date.parse(run.againAt) - Date.parse(run.from));
  const columns = apart(
    marks.map(({ after }) => Math.round((after / length) * (width - 1))),
    width,
  );
  const cells = Array.from({ length: width }, (_, column): Cell => {
    const mark = marks[columns.indexOf(column)];
    return mark ?? { glyph: lineAt(run, (column / (width - 1)) * length), told: null };
  });
  return { cells, labels: labelsOf(marks, columns, width) };
}

type Mark = Cell & { after: number };

function marksOf({ from, tellings, againAt }: DryRun): Mark[] {
  const since = (time: string) => Date.parse(time) - Date.parse(from);
  const told = tellings.map(({ at, level }): Mark => {
    const glyph = level === 0 ? '○' : level.toString(36);
    return { after: since(at), told: level, glyph };
  });
  return [...told, { after: since(againAt), told: 'again', glyph: '↻' }];
}

const lineAt = ({ from, escalation: { workingHours } }: DryRun, after: number): string => {
  const time = new Date(Date.parse(from) + after).toISOString();
  return withinWorkingHours(time, workingHours) === time ? '━' : '┄';
};

/** Columns in order, none twice: marks that fall together move aside, the last ones to the left. */
function apart(columns: readonly number[], width: number): number[] {
  let free = 0;
  const forth = columns.map((column) => {
    const placed = Math.max(column, free);
    free = placed + 1;
    return placed;
  });
  let last = width - 1;
  return forth
    .toReversed()
    .map((column) => {
      const placed = Math.min(column, last);
      last = placed - 1;
      return placed;
    })
    .toReversed();
}

/** Each time begins below its mark, and ends where the bar does; the last one is never left out. */
function labelsOf(marks: readonly Mark[], columns: readonly number[], width: number): string {
  const labels = marks.map(({ after }, index) => {
    const text = spell(after);
    return { text, begin: Math.min(columns[index] ?? 0, width - text.length) };
  });
  const last = labels.pop();
  let row = '';
  for (const { text, begin } of labels) {
    const isRoom = begin >= row.length && begin + text.length < (last?.begin ?? width);
    if (isRoom) row = `${row.padEnd(begin)}${text} `;
  }
  return last ? row.padEnd(last.begin) + last.text : row;
}
