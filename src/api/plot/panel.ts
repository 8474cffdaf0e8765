import type {
  GraphicComponentOption,
  GridComponentOption,
  LineSeriesOption,
  ScatterSeriesOption,
  XAXisComponentOption,
  YAXisComponentOption,
} from 'echarts';
import type { Analysis } from '../../process/analyses.ts';
import { timeAxis, valueAxis } from './axes.ts';
import type { Frame } from './frame.ts';
import { headingOf, momentsOf } from './heading.ts';
import { ink } from './look.ts';
import { scaleOf, stripOnly } from './scale.ts';
import { backgroundOf, lineOf, marksOf } from './series.ts';
import { textAt } from './text.ts';
import { unitOf } from './words.ts';

/** One measure, drawn. */
export interface Panel {
  /** Where the next one may begin, in pixels. */
  bottom: number;
  grid: GridComponentOption;
  xAxis: XAXisComponentOption;
  yAxis: YAXisComponentOption;
  series: (LineSeriesOption | ScatterSeriesOption)[];
  graphics: GraphicComponentOption[];
}

const plotHeight = 126;
const stripHeight = 30;
const timeLabels = 32;

/** `start` is what the points count from, in milliseconds; the first panel says what the bands mean. */
export function panelOf(
  measure: Analysis['measures'][number],
  index: number,
  top: number,
  start: number,
  frame: Frame,
): Panel {
  const { points, thresholds } = measure;
  const values = scaleOf(points, thresholds);
  const scale = values ?? stripOnly;
  const heading = headingOf(measure, top, frame);
  const moments =
    index === 0 ? momentsOf(frame, heading.bottom) : { bottom: heading.bottom, graphics: [] };
  const plotTop = moments.bottom + 4;
  const height = values ? plotHeight : stripHeight;
  const stripY = plotTop + ((scale.max - scale.strip) / (scale.max - scale.min)) * height;
  const hasGaps = points.some(([, value]) => value === null);
  const label = { size: 11, colour: ink.quiet, align: 'right' as const };
  const placed = { xAxisIndex: index, yAxisIndex: index, silent: true };
  return {
    bottom: plotTop + height + timeLabels,
    grid: {
      top: plotTop,
      left: frame.left,
      right: frame.width - frame.right,
      height,
      outerBoundsMode: 'none',
    },
    xAxis: timeAxis(index, frame),
    yAxis: valueAxis(index, scale, values && unitOf(measure)),
    series: [
      {
        ...placed,
        ...lineOf(points, start),
        ...backgroundOf(values ? thresholds : [], frame.bands),
      },
      ...marksOf(points, start, scale).map((marks) => ({ ...placed, ...marks })),
    ],
    graphics: [
      ...heading.graphics,
      ...moments.graphics,
      ...(hasGaps ? [textAt(frame.left - 8, stripY - 7, 'no value', label)] : []),
    ],
  };
}
