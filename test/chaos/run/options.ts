import { parseArgs } from 'node:util';

export interface Options {
  incidents: number;
  faults: number;
  seed: number;
  /** How many incidents are open at once. */
  open: number;
}

export const help = `npm run test:chaos [-- --incidents 40] [--faults 10] [--seed 1] [--open 40]

Takes incidents through the process while processes die and connections fail, and exits 1 where
anything was lost, done twice, missed, stuck, or is other than it was answered.

  --incidents  how many there are
  --faults     how many faults there are at most; without it a tenth of the incidents, at least 10
  --seed       what chance is drawn from
  --open       how many incidents are open at once
`;

/** Null where help was asked for. Throws a sentence where an option is wrong. */
export function optionsOf(args: string[]): Options | null {
  const { values } = parseArgs({
    args,
    options: {
      incidents: { type: 'string', default: '40' },
      faults: { type: 'string' },
      seed: { type: 'string', default: '1' },
      open: { type: 'string', default: '40' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const incidents = numberOf('incidents', values.incidents, 1);
  const standard = Math.max(10, Math.round(incidents / 10));
  return {
    incidents,
    faults: values.faults === undefined ? standard : numberOf('faults', values.faults, 0),
    seed: numberOf('seed', values.seed, 0),
    open: numberOf('open', values.open, 1),
  };
}

function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= least) return value;
  throw new Error(`--${name} must be a whole number from ${least} on; it is "${text}".`);
}
