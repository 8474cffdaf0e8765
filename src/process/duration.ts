import ms from 'ms';
import { z } from 'zod';

/** Longer than this is a typing error, not a wait: a year, in milliseconds. */
const longest = 366 * 24 * 60 * 60 * 1000;

/**
 * A duration as people write it (`15m`, `90s`, `3d`) or as milliseconds; parsed to milliseconds.
 * JSON Schema sees the written form.
 */
export const duration = z
  .union([z.string().max(20), z.number()])
  .transform((value, context) => {
    const parsed = typeof value === 'number' ? value : ms(value as ms.StringValue);
    if (typeof parsed === 'number' && parsed >= 0 && parsed <= longest) return Math.round(parsed);
    context.addIssue(`is not a duration: write a number and a unit, such as 30s, 15m, 2h or 3d`);
    return z.NEVER;
  })
  .meta({ description: 'A duration such as 30s, 15m, 2h or 3d', examples: ['15m'] });

/** `4m 10s`: at most the two largest units, for people. */
export function spell(milliseconds: number): string {
  const units: [string, number][] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ];
  let rest = Math.max(0, Math.round(milliseconds / 1000) * 1000);
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(' ') || '0s';
}
