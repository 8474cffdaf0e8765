import { describe, expect, test } from 'vitest';
import { cut } from '../../src/process/cut.ts';

describe('a text that is cut', () => {
  test.each([
    ['nothing to cut', 'abc', 3, 'abc'],
    ['plain letters', 'abcdef', 4, 'abc…'],
    ['half of a surrogate pair', 'ab🔥cd', 4, 'ab…'],
    ['an emoji of several parts', 'ab👩‍🚒 at work', 8, 'ab👩‍🚒…'],
    ['an emoji of several parts, in the middle', 'ab👩‍🚒 at work', 6, 'ab…'],
    ['a letter without its accent', 'Zoe\u0308 Müller', 4, 'Zo…'],
    ['half of a flag', 'a🇩🇪🇫🇷', 4, 'a…'],
    ['a line break of two parts', 'ab\r\ncd', 4, 'ab…'],
  ])('never ends in %s', (_, text, longest, expected) => {
    expect(cut(text, longest)).toBe(expected);
    expect(cut(text, longest).length).toBeLessThanOrEqual(longest);
  });

  test('is cut also where one character never ends', () => {
    const endless = `a${'\u0308'.repeat(500)}`;
    expect(cut(endless, 100)).toBe(`a${'\u0308'.repeat(98)}…`);
    expect(cut('🔥🔥', 2)).toBe('…');
  });

  test('is cut in the middle of a long one at a character, too', () => {
    expect(cut('👩‍🚒'.repeat(1_000), 1_000).replaceAll('👩‍🚒', '')).toBe('…');
  });
});
