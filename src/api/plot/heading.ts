import type { GraphicComponentOption } from 'echarts';
import type { Analysis } from '../../process/analyses.ts';
import type { Threshold } from '../../process/outcomes.ts';
import { type Frame, isNarrow, xOf } from './frame.ts';
import { ink, lines, marks, outcomes } from './look.ts';
import { lineHeight, textAt } from './text.ts';
import { plain, thresholdWords, timeOfDay, unitOf, widthOf } from './words.ts';

/** What is written above something, and where that may begin. */
export interface Heading {
  bottom: number;
  graphics: GraphicComponentOption[];
}

type Measure = Analysis['measures'][number];

export const margin = 12;
const size = 12;
const row = lineHeight(size);

/** The measure's name and outcome, what its marks and lines mean, and what was found. */
export function headingOf(measure: Measure, top: number, { width }: Frame): Heading {
  const { name, outcome, summary, counts } = measure;
  const room = width - 2 * margin;
  const mark = outcome && marks[outcome];
  const title = `${mark ? `${mark.glyph} ` : ''}${plain(name)}: ${mark?.words ?? 'measuring'}`;
  const tally = outcomes
    .filter((one) => counts[one] > 0)
    .map((one) => `${marks[one].glyph} ${counts[one]} ${marks[one].words}`)
    .join('  ');
  const story = [tally || 'Not measured yet.', plain(summary)].filter(Boolean).join(' · ');
  const rows = Math.min(isNarrow(width) ? 2 : 1, Math.ceil(widthOf(story, size) / room));
  const below = top + lineHeight(15);
  const legend = legendOf(measure, below + rows * row, width);
  return {
    bottom: legend.bottom + 4,
    graphics: [
      textAt(margin, top, title, { size: 15, bold: true, colour: mark?.colour, width: room }),
      textAt(margin, below, story, { size, colour: ink.quiet, width: room, rows }),
      ...legend.graphics,
    ],
  };
}

const sample = 26;

/** A piece of each line with its words, on as few rows as fit. Beside the data they would cover it. */
function legendOf(measure: Measure, top: number, width: number): Heading {
  let x = margin;
  let y = top;
  const unit = unitOf(measure);
  const graphics = measure.thresholds.flatMap((threshold) => {
    const words = thresholdWords(threshold, unit);
    const needed = sample + 6 + widthOf(words, size);
    if (x > margin && x + needed > width - margin) {
      x = margin;
      y += row;
    }
    const here = x;
    x += needed + 20;
    return [
      lineSample(here, y + row / 2, threshold.kind),
      textAt(here + sample + 6, y, words, {
        size,
        colour: lines[threshold.kind].colour,
        width: width - margin - here - sample - 6,
      }),
    ];
  });
  return { bottom: measure.thresholds.length > 0 ? y + row : top, graphics };
}

const lineSample = (x: number, y: number, kind: Threshold['kind']): GraphicComponentOption => ({
  type: 'line',
  silent: true,
  shape: { x1: x, y1: y, x2: x + sample, y2: y },
  style: { stroke: lines[kind].colour, lineDash: lines[kind].dash, lineWidth: 2 },
});

/** What was deployed or taken back, above where it is drawn, on as few rows as keep it apart. */
export function momentsOf(frame: Frame, top: number): Heading {
  const rowEnds: number[] = [];
  const room = frame.width - 2 * margin;
  const graphics = frame.bands.map(({ at, words }) => {
    const text = `${plain(words)} ${timeOfDay(at)}`;
    const width = Math.min(widthOf(text, size), room);
    const x = Math.max(margin, Math.min(xOf(frame, at) - 2, frame.width - margin - width));
    const free = rowEnds.findIndex((end) => end + 12 < x);
    const place = free === -1 ? rowEnds.length : free;
    rowEnds[place] = x + width;
    return textAt(x, top + place * row, text, { size, width: frame.width - margin - x });
  });
  return { bottom: top + rowEnds.length * row, graphics };
}
