const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** So long, in UTF-16 code units, may one character be; what claims to be longer is cut all the same. */
const longestCharacter = 64;

/**
 * At most so many UTF-16 code units; what is cut off is marked, and no character is cut in two: neither
 * an emoji of several parts nor a letter and its accent.
 */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, boundaryBefore(text, longest - 1))}…`;
}

/** The last place at which a character begins, up to `place`. */
function boundaryBefore(text: string, place: number): number {
  const from = Math.max(0, place - longestCharacter);
  const near = text.slice(from, place + longestCharacter);
  const begin = graphemes.segment(near).containing(place - from)?.index ?? 0;
  if (begin > 0) return from + begin;
  return /[\uD800-\uDBFF]/.test(text[place - 1] ?? '') ? place - 1 : place;
}
