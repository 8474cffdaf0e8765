import { expect, test } from 'vitest';
import { windowOf } from '../../../src/activities/monitoring/promql-window.ts';

test.each([
  ['up', 0],
  ['sum(rate(a[5m])) / sum(rate(b[1h30m]))', 5_400_000],
  ['rate(a[300])', 300_000],
  ['max_over_time(rate(a[5m])[30m:1m])', 2_100_000],
  ['a / (a offset 1w)', 0],
  ['rate(a[1m]) / rate(a[5m] offset 1w)', 60_000],
  ['rate(a[5m] @ 100)', 0],
  ['{job="x[5m]"}', 0],
  ['not PromQL at all [', 0],
])('%s reaches back %i ms', (query, window) => {
  expect(windowOf(query)).toBe(window);
});
