import type { MeasureResult, Threshold } from '../../process/outcomes.ts';

/** Text by people on one line: what cannot be in XML, or turns the order of letters, is left out. */
export const plain = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/\p{C}/gu, '').trim();

const units: [pattern: RegExp, unit: string][] = [
  [/(^|[_\s.-])(milliseconds|millis|ms)$/i, 'ms'],
  [/(^|[_\s.-])(seconds|secs|s)$/i, 's'],
  [/(^|[_\s.-])bytes$/i, 'B'],
  [/(^|[_\s.-])(percent|pct)$/i, '%'],
];

/**
 * The unit that a measure's name ends with, as Prometheus names its metrics
 * (https://prometheus.io/docs/practices/naming/); empty where it has none. A probe's value is its
 * latency, whatever it is called.
 */
export const unitOf = ({ name, adapter }: Pick<MeasureResult, 'name' | 'adapter'>): string =>
  adapter === 'http' ? 'ms' : (units.find(([pattern]) => pattern.test(name.trim()))?.[1] ?? '');

const prefixes: [size: number, prefix: string][] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** `3.18 GB`: four digits at most, with the prefixes of the SI. */
export function quantity(value: number, unit: string): string {
  const [size, prefix] = prefixes.find(([least]) => Math.abs(value) >= least) ?? [1, ''];
  const number = String(Number((value / size).toPrecision(4)));
  return [number, `${prefix}${unit}`].filter(Boolean).join(unit ? ' ' : '');
}

/** The label, with the value where it does not say it already. */
export function thresholdWords({ label, value }: Threshold, unit: string): string {
  const words = plain(label);
  return words.includes(String(value)) ? words : `${words}: ${quantity(value, unit)}`;
}

/** `03:07:12`, UTC. */
export const timeOfDay = (time: number | string): string =>
  new Date(time).toISOString().slice(11, 19);

/** How wide text of a font size is, roughly: enough to keep labels apart. */
export const widthOf = (text: string, size: number): number => text.length * size * 0.56;

/** Puts parts on as few lines as fit. */
export function wrapped(parts: readonly string[], width: number, size: number): string[] {
  const rows: string[] = [];
  for (const part of parts) {
    const longer = rows.length > 0 ? `${rows.at(-1)} · ${part}` : part;
    if (rows.length > 0 && widthOf(longer, size) <= width) rows[rows.length - 1] = longer;
    else rows.push(part);
  }
  return rows;
}
