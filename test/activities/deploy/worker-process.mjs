/*
 * A worker-side process that a test can kill: `node worker-process.mjs DATA PROGRAM [ARGUMENT...]`.
 * Plain JavaScript that loads the TypeScript by Vite, since Node 20 cannot.
 */
import { join } from 'node:path';
import { runnerImport } from 'vite';

await runnerImport(join(import.meta.dirname, 'deploy-in-a-process.ts'));
