import type { EChartsOption } from 'echarts';
import type { Analysis } from '../../process/analyses.ts';
import type { Change } from '../../process/changes.ts';
import { frameOf } from './frame.ts';
import { type Heading, margin } from './heading.ts';
import { ink, marks } from './look.ts';
import { type Panel, panelOf } from './panel.ts';
import { lineHeight, type TextStyle, textAt } from './text.ts';
import { plain, timeOfDay, wrapped } from './words.ts';

/** What is to be seen: one analysis of an incident, or that there is none. */
export interface Subject {
  title: string;
  service: string;
  analysis: Analysis | undefined;
  /** As it was last known, since no worker answers. */
  stale: boolean;
}

export interface Picture {
  height: number;
  option: EChartsOption;
}

/** The whole plot as data, a panel a measure. Pure. */
export function pictureOf(subject: Subject, width: number): Picture {
  const { analysis } = subject;
  const head = headOf(subject, width);
  const panels: Panel[] = [];
  let bottom = head.bottom;
  if (analysis) {
    const frame = frameOf(analysis, width);
    const start = Date.parse(analysis.startedAt);
    for (const [index, measure] of analysis.measures.entries()) {
      const panel = panelOf(measure, index, bottom + 8, start, frame);
      panels.push(panel);
      ({ bottom } = panel);
    }
  }
  return {
    height: Math.ceil(bottom) + 8,
    option: {
      animation: false,
      backgroundColor: '#ffffff',
      useUTC: true,
      grid: panels.map(({ grid }) => grid),
      xAxis: panels.map(({ xAxis }) => xAxis),
      yAxis: panels.map(({ yAxis }) => yAxis),
      series: panels.flatMap(({ series }) => series),
      graphic: [...head.graphics, ...panels.flatMap(({ graphics }) => graphics)],
    },
  };
}

function headOf(subject: Subject, width: number): Heading {
  let bottom = 10;
  const graphics = rowsOf(subject, width - 2 * margin).map(([text, style]) => {
    const one = textAt(margin, bottom, text, { ...style, width: width - 2 * margin });
    bottom += lineHeight(style.size);
    return one;
  });
  return { bottom: bottom + 4, graphics };
}

function rowsOf(
  { title, service, analysis, stale }: Subject,
  width: number,
): [text: string, style: TextStyle][] {
  const quiet = { size: 12, colour: ink.quiet };
  const attempt = analysis ? `, attempt ${analysis.attempt}` : '';
  const facts = analysis ? wrapped(factsOf(analysis), width, quiet.size) : [];
  if (analysis?.state === 'cutShort') facts.push('What it measured is not on record.');
  if (stale) facts.push('As last known: no worker answers now.');
  return [
    [`${plain(service)}${attempt}`, { size: 19, bold: true }],
    verdictOf(analysis),
    ...wrapped(aboutOf(title, analysis), width, 13).map((row): [string, TextStyle] => [
      row,
      { ...quiet, size: 13 },
    ]),
    ...facts.map((fact): [string, TextStyle] => [fact, quiet]),
  ];
}

function verdictOf(analysis: Analysis | undefined): [string, TextStyle] {
  const style = { size: 17, bold: true };
  if (!analysis) return ['Nothing has been measured', style];
  const { state, outcome } = analysis;
  if (state === 'running') return ['Measuring', style];
  if (!outcome) return ['Cut short', style];
  const { glyph, words, colour } = marks[outcome];
  return [`${glyph} ${words}`, { ...style, colour }];
}

const aboutOf = (title: string, analysis: Analysis | undefined): string[] => [
  ...(analysis ? [`${analysis.environment}, after the ${analysis.after}`] : []),
  plain(title),
];

function factsOf({ startedAt, finishedAt, changes }: Analysis): string[] {
  const since = timeOfDay(startedAt);
  return [
    `${startedAt.slice(0, 10)}, times in UTC`,
    finishedAt ? `measured ${since}–${timeOfDay(finishedAt)}` : `measuring since ${since}`,
    ...changes.map(factOf),
  ];
}

function factOf({ action, ref, startedAt, finishedAt, outcome }: Change): string {
  const until = finishedAt ? `–${timeOfDay(finishedAt)}` : ', goes on';
  const bad = { failed: ' (failed)', unknown: ' (outcome unknown)', succeeded: '' };
  const how = outcome === null ? '' : bad[outcome];
  return `${action} of ${plain(ref)} ${timeOfDay(startedAt)}${until}${how}`;
}
