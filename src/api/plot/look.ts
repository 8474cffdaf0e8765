import type { MeasurementOutcome, Threshold } from '../../process/outcomes.ts';

/** How one outcome looks. Each has a shape and a lightness of its own, so that none needs colour. */
export interface Mark {
  /** The same shape in text. */
  glyph: string;
  words: string;
  colour: string;
  symbol: string;
  symbolRotate?: number;
  size: number;
  isHollow?: boolean;
}

/** Colours: Okabe and Ito, "Color Universal Design", https://jfly.uni-koeln.de/color/. */
export const marks: Record<MeasurementOutcome, Mark> = {
  passed: { glyph: '●', words: 'passed', colour: '#0072b2', symbol: 'circle', size: 5 },
  failed: {
    glyph: '▼',
    words: 'failed',
    colour: '#c04a00',
    symbol: 'triangle',
    symbolRotate: 180,
    size: 11,
  },
  inconclusive: {
    glyph: '◇',
    words: 'inconclusive',
    colour: '#595959',
    symbol: 'diamond',
    size: 10,
    isHollow: true,
  },
  error: {
    glyph: '×',
    words: 'error',
    colour: '#000000',
    symbol: 'path://M0 1L1 0L5 4L9 0L10 1L6 5L10 9L9 10L5 6L1 10L0 9L4 5Z',
    size: 9,
  },
};

export const outcomes = Object.keys(marks) as MeasurementOutcome[];

export const lines: Record<Threshold['kind'], { colour: string; dash: number[] }> = {
  failure: { colour: '#c04a00', dash: [7, 4] },
  success: { colour: '#00704f', dash: [2, 2] },
  baseline: { colour: '#595959', dash: [1, 4] },
};

export const ink = {
  text: '#1a1a1a',
  quiet: '#595959',
  grid: '#e4e4e4',
  axis: '#8a8a8a',
  band: 'rgba(0, 0, 0, 0.07)',
};
/** Without quotation marks: they would end the attribute that it stands in. */
export const font = 'system-ui, sans-serif';
