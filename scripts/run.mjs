// node scripts/run.mjs ENTRY.ts [ARGUMENT ...]: sets up what is missing, then runs the compiled entry.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, checkNode, install, root } from './setup.mjs';

const [entry = '', ...args] = process.argv.slice(2);
if (process.env.npm_lifecycle_event) endWithParent();
checkNode();
install();
build();
// In this very process, so that Ctrl-C needs no passing on.
const compiled = join(root, 'dist', entry.replace(/\.ts$/, '.js'));
process.argv = [process.execPath, compiled, ...args];
await import(pathToFileURL(compiled).href);

/**
 * What tells npm alone to end, as a supervisor does, ends the shell that npm has put between us, and
 * that shell passes nothing on. On Windows a parent that is gone is not to be seen.
 */
function endWithParent() {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  watch.unref();
}
