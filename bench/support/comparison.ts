import type { Bar, Findings } from './measurement.ts';
import { summarise, type Timing } from './statistics.ts';

/** The bars of the API against the SDK: the median and the rate that its own work may cost. */
const dearest = 1.25;
const slowest = 0.8;

export interface Compared {
  callers: number;
  raw: Timing;
  api: Timing;
}

/** Both sides at each number of callers, with the ratios and whether they are as they should be. */
export function compare(what: string, compared: Compared[]): Pick<Findings, 'table' | 'bars'> {
  const results = compared.map(({ callers, raw, api }) => {
    const [one, other] = [summarise(raw), summarise(api)];
    const ratio = {
      p50: other.p50 / one.p50,
      p99: other.p99 / one.p99,
      rate: other.rate / one.rate,
    };
    const crowd = callers === 1 ? '1 caller' : `${callers} callers`;
    const row = (side: string, { p50, p99, rate }: typeof one, calls: number) => [
      ...[crowd, side, String(calls)],
      ...[`${p50.toFixed(1)} ms`, `${p99.toFixed(1)} ms`, `${rate.toFixed(0)}/s`],
    ];
    const rows = [
      row('SDK', one, raw.latencies.length),
      row('API', other, api.latencies.length),
      [crowd, 'API : SDK', '', ratio.p50.toFixed(2), ratio.p99.toFixed(2), ratio.rate.toFixed(2)],
    ];
    const bars: Bar[] = [
      { what: `${what}, ${crowd}: p50, API to SDK`, value: ratio.p50, atMost: dearest },
      { what: `${what}, ${crowd}: rate, API to SDK`, value: ratio.rate, atLeast: slowest },
    ];
    return { rows, bars };
  });
  return {
    table: [
      ['callers', 'through', 'calls', 'p50', 'p99', 'rate'],
      ...results.flatMap(({ rows }) => rows),
    ],
    bars: results.flatMap(({ bars }) => bars),
  };
}
