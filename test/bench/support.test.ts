import proto from '@temporalio/proto';
import { describe, expect, test } from 'vitest';
import { billableIn } from '../../bench/support/actions.ts';
import { callAll } from '../../bench/support/callers.ts';
import { type Bar, holds } from '../../bench/support/measurement.ts';
import { barsTable, markdownTable, withResults } from '../../bench/support/report.ts';
import { sideBySide } from '../../bench/support/side-by-side.ts';
import { percentile, summarise, together } from '../../bench/support/statistics.ts';

const { EventType } = proto.temporal.api.enums.v1;

describe('statistics', () => {
  test('a percentile is the smallest value that the share does not exceed', () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect([0, 0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 100, 198, 200]);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.5)).toBeNaN();
  });

  test('rounds are summed up as one', () => {
    const rounds = [
      { latencies: [1, 2], elapsed: 100 },
      { latencies: [3], elapsed: 200 },
    ];
    expect(summarise(together(rounds))).toEqual({ p50: 2, p99: 3, rate: 10 });
  });
});

describe('callers', () => {
  test('each input is taken once, by so many callers at a time', async () => {
    const taken: number[] = [];
    let underWay = 0;
    let most = 0;
    const inputs = Array.from({ length: 50 }, (_, index) => index);
    const { latencies } = await callAll(inputs, 4, async (input) => {
      underWay += 1;
      most = Math.max(most, underWay);
      taken.push(input);
      await new Promise(setImmediate);
      underWay -= 1;
    });
    expect(taken).toEqual(inputs);
    expect(latencies).toHaveLength(50);
    expect(most).toBe(4);
  });

  test('a call that fails ends it all', async () => {
    const call = async (input: number) => {
      if (input === 2) throw new Error('refused');
    };
    await expect(callAll([1, 2, 3], 1, call)).rejects.toThrow('refused');
  });

  test('both sides take turns in alternating order, and the first fifth does not count', async () => {
    const order: string[] = [];
    const side = (name: string) => ({
      prepare: () => [name],
      call: async (input: string) => order.push(input),
    });
    const plan = { callers: 1, rounds: 6, patience: 60_000, onRound: () => {} };
    const { raw, api } = await sideBySide({ raw: side('raw'), api: side('api') }, plan);
    expect(order.slice(0, 6)).toEqual(['api', 'raw', 'raw', 'api', 'api', 'raw']);
    expect(order).toHaveLength(12);
    expect([raw.latencies.length, api.latencies.length]).toEqual([4, 4]);
  });

  test('a plan that is out of patience still makes three rounds', async () => {
    const side = { prepare: () => [1], call: async () => {} };
    const plan = { callers: 1, rounds: 100, patience: 0, onRound: () => {} };
    const { raw } = await sideBySide({ raw: side, api: side }, plan);
    expect(raw.latencies).toHaveLength(2);
  });
});

test('actions are counted as Temporal Cloud bills them', () => {
  const events = [
    { eventType: EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED },
    { eventType: EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED },
    { eventType: EventType.EVENT_TYPE_TIMER_STARTED },
    { eventType: EventType.EVENT_TYPE_TIMER_CANCELED },
    { eventType: EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED },
    { eventType: EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES },
    { eventType: EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED },
    {
      eventType: EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED,
      activityTaskStartedEventAttributes: { attempt: 3 },
    },
    { eventType: EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED },
  ];
  expect(billableIn(events)).toEqual({
    starts: 1,
    timers: 1,
    'upserts of search attributes': 1,
    activities: 1,
    'retries of activities': 2,
    signals: 1,
  });
});

describe('the report', () => {
  const slow: Bar = { what: 'rate', value: 0.79, atLeast: 0.8 };
  const fast: Bar = { what: 'p50', value: 1.25, atMost: 1.25, unit: 's' };

  test('a bar includes its limit', () => {
    expect([slow, fast].map(holds)).toEqual([false, true]);
    const [, , missed, held] = barsTable([slow, fast]).split('\n');
    expect(missed).toMatch(/rate .*0\.79 .*at least 0\.80 .*missed/);
    expect(held).toMatch(/p50 .*1\.25 s .*at most 1\.25 s .*holds/);
  });

  test('a table has columns of one width', () => {
    expect(markdownTable([['a', 'long head'], ['longer cell']])).toBe(
      '| a           | long head |\n| ----------- | --------- |\n| longer cell |           |',
    );
  });

  test('results replace those before, and nothing else of the page', () => {
    const page =
      'before\n<!-- results: written by npm run bench -->\nold\n<!-- end of results -->\nafter\n';
    const once = withResults(page, 'new');
    expect(once).toMatch(/^before\n.*\n\nnew\n\n.*\nafter\n$/);
    expect(withResults(once, 'new')).toBe(once);
    expect(() => withResults('a page', 'new')).toThrow('no place for the results');
  });
});
