import { spell } from '../../process/duration.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** `03:15 UTC`, with the date where it is another day than now. */
export function timeWords(time: string, now: Date): string {
  const [date = '', clock = ''] = time.split('T');
  const words = `${clock.slice(0, 5)} UTC`;
  return date === now.toISOString().slice(0, date.length) ? words : `${date}, ${words}`;
}

/** `in 12m`, `5m ago`. */
export function distanceWords(time: string, now: Date): string {
  const distance = Date.parse(time) - now.getTime();
  if (Math.abs(distance) < minute) return 'now';
  const unit = Math.abs(distance) < day ? minute : 60 * minute;
  const words = spell(Math.round(Math.abs(distance) / unit) * unit);
  return distance > 0 ? `in ${words}` : `${words} ago`;
}

/** `03:15 UTC (in 12m)`. */
export const momentWords = (time: string, now: Date): string =>
  `${timeWords(time, now)} (${distanceWords(time, now)})`;
