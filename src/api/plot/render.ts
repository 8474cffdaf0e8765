import { LineChart, ScatterChart } from 'echarts/charts';
import {
  GraphicComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
} from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { pictureOf, type Subject } from './picture.ts';

echarts.use([
  LineChart,
  ScatterChart,
  GridComponent,
  GraphicComponent,
  MarkAreaComponent,
  MarkLineComponent,
  SVGRenderer,
]);

/** The plot of one analysis as an SVG document, `width` pixels wide and as high as it needs. */
export function renderSvg(subject: Subject, width: number): string {
  const { height, option } = pictureOf(subject, width);
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option);
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
