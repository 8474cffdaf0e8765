import { spell } from '../../process/duration.ts';
import type { Card } from '../../process/notifications.ts';
import type { Wait } from '../../process/waiting.ts';

/** Nobody has to act any more as in an emergency. */
export const isSolved = ({ status }: Card): boolean => status !== 'open';

/** `03:15 UTC`, with the day where it is not the day of `since`. */
export function clockOf(time: string, since: string): string {
  const [day, clock = ''] = time.split('T');
  return `${since.startsWith(day ?? '') ? '' : `${day} `}${clock.slice(0, 5)} UTC`;
}

/** `until 03:15 UTC (15m)`, or since when it is late, as seen `at` a time. */
export function limitOf({ since, deadline }: Wait, at: string): string {
  const clock = clockOf(deadline, since);
  const limit = spell(Date.parse(deadline) - Date.parse(since));
  return at < deadline ? `until ${clock} (${limit})` : `was due at ${clock} (${limit})`;
}
