import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { transient } from '../../../src/activities/failures.ts';
import { createPace } from '../../../src/activities/notify/pace.ts';
import { never } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Sends so many at once, and notes at which second each of them went out. */
function send(pace: ReturnType<typeof createPace>, count: number) {
  const begun = Date.now();
  const sent: number[] = [];
  const all = Array.from({ length: count }, () =>
    pace(never, async () => {
      sent.push((Date.now() - begun) / 1000);
    }),
  );
  return { sent, all: Promise.allSettled(all) };
}

describe('a rate', () => {
  test('holds for all who send, in order', async () => {
    const { sent, all } = send(createPace('Slack', 2), 5);
    await vi.advanceTimersByTimeAsync(10_000);
    await all;
    expect(sent).toEqual([0, 0.5, 1, 1.5, 2]);
  });

  test('a pause that the other side asks for holds for all of them', async () => {
    const pace = createPace('Slack', 1);
    const busy = pace(never, () => Promise.reject(transient('Busy', 'Busy.', 3_000)));
    const refused = expect(busy).rejects.toThrow('Busy.');
    await vi.advanceTimersByTimeAsync(0);
    await refused;
    const { sent, all } = send(pace, 3);
    await vi.advanceTimersByTimeAsync(20_000);
    await all;
    expect(Math.min(...sent)).toBeGreaterThanOrEqual(3);
    expect(new Set(sent).size).toBe(3);
  });

  test('a line too long for an emergency is refused at once', async () => {
    const { sent, all } = send(createPace('Slack', 1), 100);
    await vi.advanceTimersByTimeAsync(100_000);
    const results = await all;
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(sent.length + refused.length).toBe(100);
    expect(sent.at(-1)).toBeLessThanOrEqual(31);
    expect(refused[0]).toMatchObject({
      reason: { message: expect.stringMatching(/^Slack takes no more for \d+ s/), type: 'Busy' },
    });
  });

  test('what was cancelled while it waited is not sent', async () => {
    const pace = createPace('Slack', 1);
    const stop = new AbortController();
    let isSent = false;
    const first = pace(never, async () => {});
    const second = pace(stop.signal, async () => {
      isSent = true;
    });
    stop.abort(new Error('stopped'));
    const refused = expect(second).rejects.toThrow('stopped');
    await vi.advanceTimersByTimeAsync(5_000);
    await Promise.all([first, refused]);
    expect(isSent).toBe(false);
  });
});
