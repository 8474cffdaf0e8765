import ICAL from 'ical.js';

/** A time zone by its IANA name, where a calendar does not describe it itself. */
export class NamedZone extends ICAL.Timezone {
  readonly #format: Intl.DateTimeFormat;

  /** Throws a RangeError where there is no such zone. */
  constructor(name: string) {
    super({ tzid: name });
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  }

  /**
   * Seconds east of UTC of a time on the zone's own clocks. A time that they show twice is the first;
   * one that they skip is read by the offset from before (RFC 5545, 3.3.5).
   */
  override utcOffset({ year, month, day, hour, minute, second }: ICAL.Time): number {
    const asUtc = Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
    const before = this.#offsetAt(asUtc - dayInSeconds);
    const after = this.#offsetAt(asUtc + dayInSeconds);
    const isBefore = this.#offsetAt(asUtc - before) === before;
    const isAfter = this.#offsetAt(asUtc - after) === after;
    return isAfter && !isBefore ? after : before;
  }

  #offsetAt(unixTime: number): number {
    const parts = this.#format.formatToParts(unixTime * 1000);
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = offset.exec(name) ?? [];
    const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    return sign === '-' ? -size : size;
  }
}

const dayInSeconds = 86_400;

/** `GMT+02:00`; `GMT` alone is none. */
const offset = /([+-])(\d\d):(\d\d)(?::(\d\d))?/;
