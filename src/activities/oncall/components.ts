import type { ContentLine } from './content-lines.ts';

/** A property as it is written. */
export interface RawProperty extends ContentLine {
  /** In lower case. */
  name: string;
  /** A line that is no property: the text of the one before has a line break in it. */
  isStray: boolean;
}

export interface RawEvent {
  /** Of its BEGIN. */
  line: number;
  properties: RawProperty[];
  /** Another event, or the end of the calendar, came before its own end. */
  isOpen: boolean;
}

export interface RawCalendar {
  events: RawEvent[];
  /** The lines of each VTIMEZONE, by TZID. */
  zones: Map<string, string[]>;
  /** `X-WR-TIMEZONE`: of all-day events and of times without a zone. */
  timeZone: string | undefined;
}

/**
 * The calendars of a feed, each event by itself, so that one which cannot be read spoils no other.
 * Throws an Error where the feed is no calendar, or breaks off.
 */
export function calendarsIn(lines: readonly ContentLine[]): RawCalendar[] {
  const reader = new Reader();
  for (const line of lines) reader.take(line);
  return reader.finish();
}

const nameForm = /^([a-z\d-]+)(?=[;:])/i;
const afterName = /^[^:]*:(.*)$/s;

class Reader {
  readonly #calendars: RawCalendar[] = [];
  readonly #open: string[] = [];
  #event: RawEvent | undefined;
  #zone: string[] = [];

  take(line: ContentLine): void {
    const [, word = '', name = ''] = /^(begin|end)\s*:\s*(\S+)\s*$/i.exec(line.text) ?? [];
    if (word.toLowerCase() === 'begin') this.#begin(name.toLowerCase(), line);
    else if (word.toLowerCase() === 'end') this.#end(name.toLowerCase(), line);
    else this.#property(line);
  }

  finish(): RawCalendar[] {
    const open = this.#open.at(-1);
    if (open !== undefined) throw new Error(`it breaks off within ${open.toUpperCase()}`);
    if (this.#calendars.length === 0) throw new Error('it holds no VCALENDAR');
    return this.#calendars;
  }

  #begin(name: string, { number, text }: ContentLine): void {
    if (name === 'vevent') this.#closeOpenEvent();
    if (this.#open.length === 0) {
      if (name !== 'vcalendar') throw new Error('it holds no VCALENDAR');
      this.#calendars.push({ events: [], zones: new Map(), timeZone: undefined });
    }
    this.#open.push(name);
    if (name === 'vevent') this.#event = { line: number, properties: [], isOpen: false };
    if (name === 'vtimezone') this.#zone = [];
    if (this.#open.includes('vtimezone')) this.#zone.push(text);
  }

  #end(name: string, { number, text }: ContentLine): void {
    if (name === 'vcalendar') this.#closeOpenEvent();
    if (this.#open.at(-1) !== name) {
      throw new Error(`line ${number} ends ${name.toUpperCase()}, which is not what has begun`);
    }
    if (this.#open.includes('vtimezone')) this.#zone.push(text);
    this.#open.pop();
    if (name === 'vevent') this.#keepEvent();
    if (name === 'vtimezone') this.#keepZone();
  }

  #closeOpenEvent(): void {
    if (!this.#event) return;
    this.#event.isOpen = true;
    this.#open.splice(this.#open.indexOf('vevent'));
    this.#keepEvent();
  }

  #keepEvent(): void {
    if (this.#event) this.#calendars.at(-1)?.events.push(this.#event);
    this.#event = undefined;
  }

  #keepZone(): void {
    const line = this.#zone.find((text) => /^tzid[;:]/i.test(text)) ?? '';
    const tzid = afterName.exec(line)?.[1]?.trim();
    if (tzid) this.#calendars.at(-1)?.zones.set(tzid, this.#zone);
  }

  #property({ number, text }: ContentLine): void {
    const calendar = this.#calendars.at(-1);
    // Some servers add a line of their own after the end.
    if (!calendar) throw new Error('it holds no VCALENDAR');
    const name = nameForm.exec(text)?.[1]?.toLowerCase();
    const component = this.#open.at(-1);
    if (this.#open.includes('vtimezone')) this.#zone.push(text);
    if (component === 'vcalendar' && name === 'x-wr-timezone') {
      calendar.timeZone = afterName.exec(text)?.[1]?.trim() || undefined;
    }
    if (component !== 'vevent' || !this.#event) return;
    const { properties } = this.#event;
    const before = properties.at(-1)?.name ?? '';
    properties.push({ number, text, name: name ?? before, isStray: name === undefined });
  }
}
