import { join, resolve } from 'node:path';

/** The project's folder, seen from `dist/bench/support`. */
export const root = resolve(import.meta.dirname, '..', '..', '..');

/** Where the results are kept. */
export const resultsFile = join(root, 'docs', 'benchmarks.md');
