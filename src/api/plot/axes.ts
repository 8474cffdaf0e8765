import type { XAXisComponentOption, YAXisComponentOption } from 'echarts';
import { type Frame, isNarrow } from './frame.ts';
import { font, ink } from './look.ts';
import type { Scale } from './scale.ts';
import { quantity } from './words.ts';

const label = { color: ink.quiet, fontSize: 12, fontFamily: font };
const axisLine = { color: ink.axis };
const gridLine = { color: ink.grid };

const day = 24 * 3_600_000;
const fewMinutes = 5 * 60_000;

export function timeAxis(gridIndex: number, { from, to, width }: Frame): XAXisComponentOption {
  const written = (time: number) => {
    const iso = new Date(time).toISOString();
    if (to - from > day) return iso.slice(5, 16).replace('T', ' ');
    return iso.slice(11, to - from < fewMinutes ? 19 : 16);
  };
  return {
    type: 'time',
    gridIndex,
    min: from,
    max: to,
    splitNumber: isNarrow(width) ? 3 : 6,
    axisLine: { lineStyle: axisLine, onZero: false },
    axisTick: { lineStyle: axisLine },
    splitLine: { show: true, showMinLine: false, showMaxLine: false, lineStyle: gridLine },
    axisLabel: {
      ...label,
      hideOverlap: true,
      showMinLabel: false,
      showMaxLabel: false,
      formatter: written,
    },
  };
}

/** Null where no measurement has a value: then there is nothing to read off. */
export function valueAxis(
  gridIndex: number,
  { min, max, floor }: Scale,
  unit: string | null,
): YAXisComponentOption {
  return {
    type: 'value',
    gridIndex,
    min,
    max,
    splitNumber: 3,
    axisLine: { show: true, lineStyle: axisLine },
    splitLine: {
      show: unit !== null,
      showMinLine: false,
      showMaxLine: false,
      lineStyle: gridLine,
    },
    axisLabel: {
      ...label,
      show: unit !== null,
      showMinLabel: min === 0,
      showMaxLabel: false,
      formatter: (value: number) => (value < floor ? '' : quantity(value, unit ?? '')),
    },
  };
}
