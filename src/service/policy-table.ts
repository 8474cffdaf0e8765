import { styleText } from 'node:util';
import type { DryRun, Telling } from '../process/dryRun.ts';
import { spell } from '../process/duration.ts';
import { phaseTitles, roleIds } from '../process/phases.ts';
import type { OnCallNames } from './policy-on-call.ts';
import { barOf, type Cell } from './policy-picture.ts';

export interface Printing {
  service: string;
  from: string;
  /** The names of all channels. */
  channels: readonly string[];
  /** The ids of all people. */
  people: readonly string[];
  /** Who is behind a rota at a time; undefined for what is none. */
  nameAt: OnCallNames['nameAt'];
  hasColour: boolean;
}

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

/** How many columns a terminal has at least. */
const width = 80;
const indent = '  ';

/** Who would be told when: a picture of all waits, then a table of each. */
export function policyReport(runs: readonly DryRun[], printing: Printing): string {
  const { service, from, hasColour } = printing;
  const paint: Paint = (style, text) => (hasColour ? styleText(style, text) : text);
  const head = [
    paint('bold', `${service}: who would be told when, while nobody acknowledges`),
    `As if each began ${clockOf(from, 'UTC')} UTC. Each bar has its own scale.`,
  ];
  const picture = runs.flatMap((run) => barLines(run, paint));
  const tables = runs.map((run) => tableOf(run, printing, paint).join('\n'));
  return `${[head.join('\n'), [...picture, legend(runs)].join('\n'), ...tables].join('\n\n')}\n`;
}

const titleOf = ({ of }: DryRun): string =>
  of === 'retrospective' ? 'Review in retrospect' : phaseTitles[of];

function barLines(run: DryRun, paint: Paint): string[] {
  const margin = indent + titleOf(run).padEnd(22);
  const { cells, labels } = barOf(run, width - margin.length);
  const { length } = run.escalation.levels;
  const bar = cells.map((cell) => paintCell(cell, length, paint)).join('');
  return [margin + bar, paint('dim', ' '.repeat(margin.length) + labels)];
}

function paintCell({ glyph, told }: Cell, levels: number, paint: Paint): string {
  if (told === null) return paint('dim', glyph);
  if (told === 0) return paint('cyan', glyph);
  return told === 'again' || told === levels
    ? paint(['bold', 'red'], glyph)
    : paint('yellow', glyph);
}

function legend(runs: readonly DryRun[]): string {
  const isBroken = runs.some(({ escalation }) => escalation.workingHours);
  return [
    `${indent}○ it begins   1 2 … this level is told   ↻ the last one again, and so on`,
    ...(isBroken ? [`${indent}┄ outside of working hours, where nobody is told`] : []),
  ].join('\n');
}

/** Columns of a table with their widths; what is longer is wrapped. */
const columns = { after: 8, when: 18, level: 20, whom: 20, by: 10 };
type Row = Record<keyof typeof columns, string>;

function tableOf(run: DryRun, { channels, people, nameAt }: Printing, paint: Paint): string[] {
  const { escalation, tellings, againAt, from } = run;
  const zone = escalation.workingHours?.timeZone ?? 'UTC';
  const after = (time: string) => spell(Date.parse(time) - Date.parse(from));
  const rows = tellings.map(
    (telling): Row => ({
      after: after(telling.at),
      when: clockOf(telling.at, zone),
      level: levelWords(run, telling),
      whom: telling.recipients
        .map((name) => nameAt(name, telling.at) ?? nameOf(name, people))
        .join(', '),
      by: (telling.channels ?? channels).join(', ') || 'none',
    }),
  );
  const again = `level ${escalation.levels.length} again, and so on every ${spell(escalation.repeatEvery)}`;
  const start = [after(againAt).padEnd(columns.after), clockOf(againAt, zone).padEnd(columns.when)];
  return [
    paint('bold', titleOf(run)),
    paint('dim', line({ after: 'after', when: zone, level: 'level', whom: 'whom', by: 'by' })),
    ...rows.flatMap(wrapped).map(line),
    `${indent}${start.join('')}${again}`,
  ];
}

function levelWords({ of }: DryRun, { level, name }: Telling): string {
  if (level > 0) return `${level} ${name}`;
  return of === 'retrospective' ? 'the bypass' : 'their turn';
}

/** A name that is a role, and nobody's own, has nobody behind it. */
const nameOf = (name: string, people: readonly string[]): string =>
  (roleIds as string[]).includes(name) && !people.includes(name) ? `${name} (nobody)` : name;

const names = Object.keys(columns) as (keyof Row)[];

const line = (row: Row): string =>
  (indent + names.map((name) => row[name].padEnd(columns[name])).join('')).trimEnd();

/** As many lines as the longest cell needs. */
function wrapped(row: Row): Row[] {
  const cells = names.map((name) => wrap(row[name], columns[name] - 1));
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from(
    { length: height },
    (_, index) =>
      Object.fromEntries(names.map((name, column) => [name, cells[column]?.[index] ?? ''])) as Row,
  );
}

function wrap(text: string, longest: number): string[] {
  const lines = [''];
  for (const word of text.split(' ').flatMap((one) => pieces(one, longest))) {
    const last = lines.at(-1) ?? '';
    const joined = last === '' ? word : `${last} ${word}`;
    if (joined.length <= longest) lines[lines.length - 1] = joined;
    else lines.push(word);
  }
  return lines;
}

const pieces = (word: string, longest: number): string[] =>
  word.match(new RegExp(`.{1,${longest}}`, 'gu')) ?? [];

function clockOf(time: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, weekday: 'short', day: '2-digit', month: 'short' },
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  });
  return format.format(new Date(time)).replaceAll(',', '');
}
