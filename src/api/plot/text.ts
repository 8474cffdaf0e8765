import type { GraphicComponentOption } from 'echarts';
import { font, ink } from './look.ts';

export interface TextStyle {
  size: number;
  bold?: boolean;
  colour?: string | undefined;
  align?: 'left' | 'right';
  /** Longer text ends in an ellipsis. In pixels. */
  width?: number;
  /** How many lines it may take of that width; one without. */
  rows?: number;
}

export const lineHeight = (size: number): number => Math.round(size * 1.35);

/** Fonts differ, and without one to measure widths are guessed too small. */
const caution = { plain: 0.88, bold: 0.78 };

/** Text with its upper edge at `y`. It is shown as it is: nothing in it is markup. */
export function textAt(
  x: number,
  y: number,
  text: string,
  style: TextStyle,
): GraphicComponentOption {
  const { size, bold, colour = ink.text, align = 'left', width, rows = 1 } = style;
  return {
    type: 'text',
    x,
    y,
    silent: true,
    z: 10,
    style: {
      text,
      x: 0,
      y: 0,
      fill: colour,
      font: `${bold ? 'bold ' : ''}${size}px ${font}`,
      align,
      verticalAlign: 'top',
      lineHeight: lineHeight(size),
      ...(width !== undefined && {
        width: width * (bold ? caution.bold : caution.plain),
        height: rows * lineHeight(size),
        overflow: rows > 1 ? 'break' : 'truncate',
        lineOverflow: 'truncate',
        ellipsis: '…',
      }),
    },
  };
}
