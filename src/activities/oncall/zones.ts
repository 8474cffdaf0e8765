import ICAL from 'ical.js';
import { ianaNameOf } from './zone-names.ts';

/**
 * A time zone. A time on its clocks is in milliseconds, too: those of a clock on UTC that shows the same.
 */
export interface Zone {
  /** A zone that nobody knows is read as UTC. */
  readonly isKnown: boolean;
  /** Milliseconds east of UTC of a time on its clocks. */
  offsetAt(wall: number): number;
}

export const instantOf = (zone: Zone, wall: number): number => wall - zone.offsetAt(wall);

export function wallAt(zone: Zone, instant: number): number {
  const near = instant + zone.offsetAt(instant);
  return instant + zone.offsetAt(near);
}

export const utc: Zone = { isKnown: true, offsetAt: () => 0 };
const unknown: Zone = { isKnown: false, offsetAt: () => 0 };

/**
 * The zone that a calendar means. What it describes itself under an IANA or a Windows name may be years
 * old: the system's own rules go before it.
 */
export function zoneNamed(tzid: string, described: ReadonlyMap<string, string[]>): Zone {
  const name = ianaNameOf(tzid);
  if (name !== undefined) return namedZone(name);
  const lines = described.get(tzid);
  return (lines && describedZone(lines)) ?? unknown;
}

const day = 86_400_000;

/**
 * By IANA name. A time that its clocks show twice is the first; one that they skip is read by the offset
 * from before (RFC 5545, 3.3.5).
 */
function namedZone(timeZone: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const offsetFrom = (instant: number): number => {
    const parts = format.formatToParts(instant);
    const text = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = offsetForm.exec(text) ?? [];
    const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    return (sign === '-' ? -size : size) * 1000;
  };
  return {
    isKnown: true,
    offsetAt(wall) {
      const before = offsetFrom(wall - day);
      const after = offsetFrom(wall + day);
      const isBefore = offsetFrom(wall - before) === before;
      const isAfter = offsetFrom(wall - after) === after;
      return isAfter && !isBefore ? after : before;
    },
  };
}

/** `GMT+02:00`; `GMT` alone is none. */
const offsetForm = /([+-])(\d\d):(\d\d)(?::(\d\d))?/;

/** By the lines of its VTIMEZONE; undefined where they cannot be read. */
function describedZone(lines: readonly string[]): Zone | undefined {
  try {
    const zone = new ICAL.Timezone(ICAL.Component.fromString(lines.join('\r\n')));
    const offsetAt = (wall: number): number => {
      const at = new Date(wall);
      const time = ICAL.Time.fromData({
        ...{ year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate() },
        ...{ hour: at.getUTCHours(), minute: at.getUTCMinutes(), second: at.getUTCSeconds() },
        isDate: false,
      });
      return zone.utcOffset(time) * 1000;
    };
    return Number.isFinite(offsetAt(Date.UTC(2026, 0))) ? { isKnown: true, offsetAt } : undefined;
  } catch {
    return undefined;
  }
}
