// Compiles to dist/ and bundles the workflow ahead, so that a worker starts without a bundler.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { checkNode, install, root } from './setup.mjs';

checkNode();
install();
const dist = join(root, 'dist');
rmSync(dist, { recursive: true, force: true });

const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
const compiled = spawnSync(
  process.execPath,
  [join(typescript, 'bin', 'tsc'), '--project', 'tsconfig.build.json'],
  { cwd: root, stdio: 'inherit' },
);
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

// What is not TypeScript goes along as it is.
for (const folder of ['src', 'examples'].filter((name) => existsSync(join(root, name)))) {
  cpSync(join(root, folder), join(dist, folder), {
    recursive: true,
    filter: (file) => !file.endsWith('.ts'),
  });
}

const { bundleWorkflowCode } = await import('@temporalio/worker');
const silent = {
  log() {},
  trace() {},
  debug() {},
  info() {},
  warn: console.warn,
  error: console.error,
};
const { code } = await bundleWorkflowCode({
  workflowsPath: join(dist, 'src', 'workflows', 'index.js'),
  preloadModules: [join(dist, 'src', 'process', 'zod.js')],
  workflowInterceptorModules: [join(dist, 'src', 'workflows', 'interceptors.js')],
  payloadConverterPath: join(dist, 'src', 'workflows', 'payloadConverter.js'),
  logger: silent,
});
writeFileSync(join(dist, 'workflow-bundle.js'), code);
