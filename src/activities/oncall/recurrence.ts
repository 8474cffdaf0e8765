import { RRuleTemporal } from 'rrule-temporal';
import { messageOf } from '../failures.ts';

type ManualOptions = Extract<ConstructorParameters<typeof RRuleTemporal>[0], { freq: unknown }>;
type Freq = ManualOptions['freq'];

/** A recurrence rule (RFC 5545, 3.3.10). `until` is as it is written, for the series to read. */
export interface Rule {
  options: Omit<ManualOptions, 'dtstart' | 'until' | 'temporal'>;
  until: string | undefined;
}

const frequencies = new Set('YEARLY MONTHLY WEEKLY DAILY HOURLY MINUTELY SECONDLY'.split(' '));

const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new Error(`"${text}" is no number from ${least} to ${most}`);
  };

/** Counted from the end where it is negative; there is no 0. */
const ordinal = (most: number) => (text: string) => {
  const value = whole(-most, most)(text);
  if (value === 0) throw new Error('it counts from 1');
  return value;
};

const oneOf = (form: RegExp) => (text: string) => {
  if (form.test(text)) return text;
  throw new Error(`"${text}" is not known`);
};

const listOf =
  <T>(read: (text: string) => T) =>
  (text: string): T[] =>
    text.split(',').filter(Boolean).map(read);

type Options = Partial<Rule['options']>;

const parts: Record<string, (text: string) => Options> = {
  INTERVAL: (text) => ({ interval: whole(1, 1_000_000)(text) }),
  COUNT: (text) => ({ count: whole(1, 1_000_000_000)(text) }),
  BYSECOND: (text) => ({ bySecond: listOf(whole(0, 59))(text) }),
  BYMINUTE: (text) => ({ byMinute: listOf(whole(0, 59))(text) }),
  BYHOUR: (text) => ({ byHour: listOf(whole(0, 23))(text) }),
  BYDAY: (text) => ({ byDay: listOf(oneOf(/^([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)$/))(text) }),
  BYMONTHDAY: (text) => ({ byMonthDay: listOf(ordinal(31))(text) }),
  BYYEARDAY: (text) => ({ byYearDay: listOf(ordinal(366))(text) }),
  BYWEEKNO: (text) => ({ byWeekNo: listOf(ordinal(53))(text) }),
  BYMONTH: (text) => ({ byMonth: listOf(whole(1, 12))(text) }),
  BYSETPOS: (text) => ({ bySetPos: listOf(ordinal(366))(text) }),
  WKST: (text) => ({ wkst: oneOf(/^(MO|TU|WE|TH|FR|SA|SU)$/)(text) }),
  RSCALE: (text) => ({ rscale: oneOf(/^GREGORIAN$/)(text) }),
  SKIP: (text) => ({ skip: oneOf(/^(OMIT|BACKWARD|FORWARD)$/)(text) as 'OMIT' }),
};

const timesOfDay = new Set(['BYSECOND', 'BYMINUTE', 'BYHOUR']);

/** A series of whole days has no times of day. Throws an Error that names the part that is wrong. */
export function readRule(text: string, ofDays: boolean): Rule {
  const given = new Map(
    text
      .toUpperCase()
      .replace(/\s/g, '')
      .split(';')
      .filter(Boolean)
      .map((part): [string, string] => {
        const [name = '', value = ''] = part.split('=', 2);
        return [name, value];
      }),
  );
  const freq = given.get('FREQ') ?? '';
  if (!isFreq(freq)) throw new Error(`its rule has no frequency that is known, but "${freq}"`);
  const options: Rule['options'] = { freq };
  for (const [name, value] of given) {
    const isRead = name === 'FREQ' || name === 'UNTIL' || name.startsWith('X-');
    if (!isRead && !(ofDays && timesOfDay.has(name))) Object.assign(options, readPart(name, value));
  }
  return { options, until: given.get('UNTIL') };
}

const isFreq = (text: string): text is Freq => frequencies.has(text);

function readPart(name: string, value: string): Options {
  const read = Object.hasOwn(parts, name) ? parts[name] : undefined;
  if (!read) throw new Error(`its rule has a part "${name}", which is not known`);
  try {
    return read(value);
  } catch (error) {
    throw new Error(`its rule has a wrong ${name}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * How many steps a rule may take. The library goes to the moment at once; only a rule with a COUNT is
 * counted from its beginning, once, and 20,000 days are 54 years.
 */
const limits = { maxIterations: 20_000, maxCandidateEvaluations: 200_000 };

/** So much is counted ahead, for moments that follow. */
const ahead = 366 * 86_400_000;

/** When a rule comes true, on the clocks of its series: what their zone does to them is not its matter. */
export class Recurrence {
  readonly #rule: RRuleTemporal;
  readonly #start: number;
  readonly #visit: (occurrences: number) => void;
  /** Of a rule with a COUNT all occurrences up to that time. */
  #counted: { to: number; walls: number[] } | undefined;

  constructor({ options }: Rule, start: number, visit: (occurrences: number) => void) {
    const text = `${new Date(start).toISOString().slice(0, -1)}+00:00[UTC]`;
    const dtstart = { timeZoneId: 'UTC', toString: () => text };
    this.#rule = new RRuleTemporal({ ...options, ...limits, tzid: 'UTC', cache: false, dtstart });
    this.#start = start;
    this.#visit = visit;
    if (options.count !== undefined) this.#counted = { to: Number.NEGATIVE_INFINITY, walls: [] };
  }

  /** Both ends are included. Throws an Error where it takes too many steps. */
  between(from: number, to: number): number[] {
    if (to < this.#start) return [];
    if (!this.#counted) return this.#seen(from, to);
    if (this.#counted.to < to) {
      this.#counted = { to: to + ahead, walls: this.#seen(this.#start, to + ahead) };
    }
    return this.#counted.walls.filter((wall) => from <= wall && wall <= to);
  }

  #seen(from: number, to: number): number[] {
    const found = this.#rule.between(new Date(from), new Date(to), true);
    this.#visit(found.length);
    return found.map(({ epochMilliseconds }) => epochMilliseconds);
  }
}
