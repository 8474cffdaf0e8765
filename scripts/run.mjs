// node scripts/run.mjs ENTRY.ts [ARGUMENT ...]: sets up what is missing, then runs the compiled entry.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, checkNode, install, root } from './setup.mjs';

const [entry = '', ...args] = process.argv.slice(2);
checkNode();
install();
build();
// In this very process, so that signals need no passing on.
const compiled = join(root, 'dist', entry.replace(/\.ts$/, '.js'));
process.argv = [process.execPath, compiled, ...args];
await import(pathToFileURL(compiled).href);
