// The fault run: sets up what is missing, then runs test/chaos/run, which is TypeScript that is not built.
import { join } from 'node:path';
import { build, checkNode, install, root } from './setup.mjs';

checkNode();
install();
build();
const { runnerImport } = await import('vite');
const entry = join(root, 'test', 'chaos', 'run', 'main.ts');
const { module } = await runnerImport(entry, { root, configFile: false, logLevel: 'error' });
try {
  process.exit(await module.main(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
