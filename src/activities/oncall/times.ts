import { instantOf, utc, wallAt, type Zone } from './zones.ts';

/** A date, or a time on the clocks of a zone. */
export interface Time {
  /** On the zone's clocks, in milliseconds; of a date its midnight. */
  wall: number;
  isDate: boolean;
  zone: Zone;
}

const timeForm = /^(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d)(?::?(\d\d))?(Z)?)?$/i;

/** A DATE or DATE-TIME (RFC 5545, 3.3.4 and 3.3.5). Throws an Error where it is none. */
export function readTime(text: string, zone: Zone): Time {
  const [found, year, month, date, hour, minute = '0', second = '0', z] =
    timeForm.exec(text.trim()) ?? [];
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(date));
  const isDay = found !== undefined && new Date(midnight).getUTCDate() === Number(date);
  if (!isDay || Number(month) > 12 || Number(hour ?? 0) > 24 || Number(minute) > 59) {
    throw new Error(`"${text.trim()}" is no time`);
  }
  const since = Number(hour ?? 0) * 3600 + Number(minute) * 60 + Number(second);
  const wall = midnight + since * 1000;
  return { wall, isDate: hour === undefined, zone: z ? utc : zone };
}

/** Days and weeks go by the clocks, the rest by the time that passes. */
export interface Length {
  nominal: number;
  exact: number;
}

export const day = 86_400_000;

const durationForm = /^([+-])?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/i;

/** A DURATION (RFC 5545, 3.3.6); a negative one covers nothing. Throws an Error where it is none. */
export function readDuration(text: string): Length {
  const [found, sign, ...numbers] = durationForm.exec(text.trim()) ?? [];
  if (found === undefined || /[PT]$/i.test(found)) {
    throw new Error(`"${text.trim()}" is no duration`);
  }
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = numbers.map((one) =>
    Number(one ?? 0),
  );
  if (sign === '-') return { nominal: 0, exact: 0 };
  return {
    nominal: (weeks * 7 + days) * day,
    exact: (hours * 3600 + minutes * 60 + seconds) * 1000,
  };
}

/** As the clocks show it where both are of one zone: a shift until nine ends at nine. */
export function lengthBetween(start: Time, end: Time): Length {
  return start.zone === end.zone
    ? { nominal: end.wall - start.wall, exact: 0 }
    : { nominal: 0, exact: instantAt(end) - instantAt(start) };
}

const isMidnight = (wall: number): boolean => wall % day === 0;

export const midnightOf = (wall: number): number => Math.floor(wall / day) * day;

export const instantAt = ({ zone, wall }: Time): number => instantOf(zone, wall);

/**
 * The day that a time means to a series of whole days in that zone: the one that begins at that time,
 * where it was written or in the zone, else the one that is written.
 */
export function dayOf(time: Time, zone: Zone): number {
  if (time.isDate || isMidnight(time.wall)) return midnightOf(time.wall);
  const there = wallAt(zone, instantAt(time));
  return isMidnight(there) ? there : midnightOf(time.wall);
}
