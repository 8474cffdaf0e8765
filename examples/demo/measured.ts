import type { Analysis } from '../../src/process/analyses.ts';
import type { MeasurementOutcome, PreflightCheck } from '../../src/process/outcomes.ts';
import { paint, sparkline } from './screen.ts';

const colours = {
  passed: 'green',
  failed: 'red',
  error: 'red',
  inconclusive: 'yellow',
} as const satisfies Record<MeasurementOutcome, Parameters<typeof paint>[0]>;

/** A line a measure: what was measured, what became of it, and what was found. */
export const measureLines = ({ measures }: Analysis): string[] =>
  measures.map(({ name, outcome, points, summary }) => {
    const drawn = sparkline(points.map(([, value]) => value ?? 0));
    const verdict = outcome ? paint(colours[outcome], outcome) : 'goes on';
    return `${name} ${drawn} ${verdict}: ${summary}`;
  });

/** A line a check of what will be needed later. */
export const preflightLines = (checks: readonly PreflightCheck[]): string[] =>
  checks.map(({ what, name, ok, summary }) => {
    const mark = ok ? paint('green', '✔') : paint('red', '✖');
    return `${mark} ${what} ${what === name ? '' : name}: ${summary}`;
  });
