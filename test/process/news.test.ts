import { expect, test } from 'vitest';
import type { IncidentEvent } from '../../src/process/events.ts';
import { newsOf } from '../../src/process/news.ts';
import { at, Story } from '../support/incidents.ts';

const commented = (text: string, minute = 0): IncidentEvent => ({
  ...{ seq: 1, at: at(minute), by: 'ana', type: 'commented' },
  data: { text },
});

test('who did what, when; what is told by what follows is left out', () => {
  const story = new Story().until('verify');
  expect(newsOf(story.incident.timeline)).toEqual([
    '03:00 inci, incident declared: The checkout answers 500.',
    '03:00 nina, priority assessed: P1: All customers.',
    '03:00 bug-fixer, fix ready: v42: Reverts the broken query.',
    '03:00 rachel, sanity checked: approved',
    '03:00 alex, security checked: approved',
    '03:00 tony, deploy authorized: straight to production',
    '03:00 deploy finished: v42 to production succeeded: It succeeded.',
  ]);
});

test('the newest ten, each on one line of bounded length', () => {
  const events = Array.from({ length: 12 }, (_, index) => commented(`${index}\nmore`, index));
  const lines = newsOf([...events, commented('x'.repeat(4_000), 12)]);
  expect(lines).toHaveLength(10);
  expect(lines[0]).toBe('03:03 ana, commented: 3 more');
  expect(lines.at(-1)).toHaveLength(300);
});
