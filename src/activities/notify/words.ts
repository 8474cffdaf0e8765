import { spell } from '../../process/duration.ts';
import type { Card } from '../../process/notifications.ts';
import { roles } from '../../process/phases.ts';
import type { Wait } from '../../process/waiting.ts';

/** At most so many characters; what is cut off is marked, and no character is cut in two. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** Nobody has to act any more as in an emergency. */
export const isSolved = ({ status }: Card): boolean => status !== 'open';

/** `Reviewer: rachel`, or who may do it. */
export const whoOf = ({ role, assignees }: Wait): string =>
  `${roles[role].title}: ${assignees.join(', ') || 'anybody'}`;

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
