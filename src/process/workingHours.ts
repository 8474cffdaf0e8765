import { z } from 'zod';

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, {
  error: 'must be a time of day such as 09:00',
});

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

export const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

/** When people may be reminded of what has time. */
export const workingHoursSchema = z
  .strictObject({
    timeZone: z
      .string()
      .refine(isTimeZone, { error: 'must be a time zone such as Europe/Berlin' })
      .describe('An IANA time zone'),
    days: z.array(z.enum(days)).min(1).default(['mon', 'tue', 'wed', 'thu', 'fri']),
    from: clockTime.default('09:00'),
    to: clockTime.default('17:00'),
  })
  .refine(({ from, to }) => from < to, { error: 'must begin before it ends', path: ['to'] });
export type WorkingHours = z.infer<typeof workingHoursSchema>;

const minute = 60_000;

/** A week has an hour that works, so more than this has been looked at in vain. In minutes. */
const longestSearch = 8 * 24 * 60;

/**
 * The first moment of working hours at or after `time` (ISO 8601, UTC), to the minute. Walks on the
 * zone's own clock, so that a day with 23 or 25 hours needs no special care.
 */
export function withinWorkingHours(time: string, hours: WorkingHours | undefined): string {
  if (!hours || isWithin(Date.parse(time), hours)) return time;
  const begin = Math.ceil(Date.parse(time) / minute) * minute;
  for (let passed = 0; passed <= longestSearch; ) {
    const at = begin + passed * minute;
    if (isWithin(at, hours)) return new Date(at).toISOString();
    passed += minutesToSkip(at, hours);
  }
  return time;
}

function isWithin(at: number, hours: WorkingHours): boolean {
  const { day, clock } = localOf(at, hours);
  return hours.days.includes(day) && clock >= hours.from && clock < hours.to;
}

/** To the next quarter of an hour, where no opening can lie between; else minute by minute. */
const minutesToSkip = (at: number, { from }: WorkingHours): number =>
  Number(from.slice(3)) % 15 === 0 ? 15 - (Math.floor(at / minute) % 15) : 1;

const formats = new Map<string, Intl.DateTimeFormat>();

function localOf(at: number, { timeZone }: WorkingHours) {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  formats.set(timeZone, format);
  const parts = Object.fromEntries(
    format.formatToParts(at).map(({ type, value }) => [type, value]),
  );
  const day = (parts.weekday ?? '').toLowerCase().slice(0, 3) as (typeof days)[number];
  return { day, clock: `${parts.hour}:${parts.minute}` };
}
