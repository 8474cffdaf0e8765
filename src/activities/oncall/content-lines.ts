/** A line of a calendar, unfolded. */
export interface ContentLine {
  /** Where it begins in the feed, from 1. */
  number: number;
  text: string;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const blanks = new Set([0x20, 0x09]);

/**
 * The lines of an iCalendar feed. Folds are taken out of the bytes, since a writer may fold within a
 * character (RFC 5545, 3.1).
 */
export function contentLines(bytes: Uint8Array, charset = 'utf-8'): ContentLine[] {
  const wide = wideCharsetOf(bytes, charset);
  if (wide) return contentLines(Buffer.from(new TextDecoder(wide).decode(bytes)));
  const decode = decoderOf(charset);
  return unfolded(bytes)
    .map(({ number, parts }) => ({ number, text: decode(Buffer.concat(parts)) }))
    .filter(({ text }) => text.trim() !== '');
}

/** In UTF-16 a line feed has two bytes, so that the text is decoded before its lines are looked for. */
function wideCharsetOf([first, second]: Uint8Array, charset: string): string | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return /^utf-?16/i.test(charset) ? charset : undefined;
}

function unfolded(bytes: Uint8Array): { number: number; parts: Uint8Array[] }[] {
  const lines: { number: number; parts: Uint8Array[] }[] = [];
  for (let begin = 0, number = 1; begin < bytes.length; number += 1) {
    const found = bytes.indexOf(lineFeed, begin);
    const next = found < 0 ? bytes.length : found + 1;
    let end = found < 0 ? bytes.length : found;
    if (end > begin && bytes[end - 1] === carriageReturn) end -= 1;
    const last = lines.at(-1);
    if (last && blanks.has(bytes[begin] ?? 0)) last.parts.push(bytes.subarray(begin + 1, end));
    else lines.push({ number, parts: [bytes.subarray(begin, end)] });
    begin = next;
  }
  return lines;
}

/** A line that is not in the charset it is said to be in is taken for Windows' own. */
function decoderOf(charset: string): (bytes: Uint8Array) => string {
  const declared = decoderNamed(charset);
  const fallback = new TextDecoder('windows-1252');
  return (bytes) => {
    try {
      return declared.decode(bytes);
    } catch {
      return fallback.decode(bytes);
    }
  };
}

function decoderNamed(charset: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    return new TextDecoder('utf-8', { fatal: true });
  }
}
