import type { Bench } from './bench.ts';

/** What a measurement is held against. */
export interface Bar {
  /** What is measured, such as `start, 1 caller: p50 of the API to p50 of the SDK`. */
  what: string;
  value: number;
  /** `value` holds up to or from this limit, including it. */
  atMost?: number;
  atLeast?: number;
  unit?: string;
}

export interface Findings {
  /** Column titles, then the rows. */
  table: string[][];
  /** What has to be known to read the table, a sentence each. */
  notes?: string[];
  bars: Bar[];
}

/** One file of `measurements/`. To add one: a file, and its line in `main.ts`. */
export interface Measurement {
  /** How it is called on the command line. */
  name: string;
  title: string;
  /** What is measured and how, for the reader of the results. */
  about: string;
  measure: (bench: Bench) => Promise<Findings>;
}

export const holds = ({ value, atMost = Infinity, atLeast = -Infinity }: Bar): boolean =>
  value <= atMost && value >= atLeast;
