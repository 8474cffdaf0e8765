import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import getPort from 'get-port';
import { type ShopEnvironment, shopEnvironment, stop } from '../../../examples/shop/environment.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const tsc = path.join(root, 'node_modules/typescript/bin/tsc');

export interface Finished {
  code: number;
  output: string;
  errors: string;
}

/** The compiled shop, and one environment of it on a free port. */
export interface ShopUnderTest {
  environment: ShopEnvironment;
  url: string;
  /** Runs the deploy program as the `command` adapter does. */
  run(action: string, ref: string): Promise<Finished>;
  /** Ends the shop and removes everything. */
  remove(): Promise<void>;
}

/**
 * Compiles the shop as `npm run build` does, to a directory below `node_modules`, where packages
 * are still found and nobody else builds. Returns the directory of the programs.
 */
export function compileShop(): string {
  const base = path.join(root, 'node_modules/.cache');
  mkdirSync(base, { recursive: true });
  const out = mkdtempSync(path.join(base, 'shop-'));
  const project = path.join(out, 'tsconfig.json');
  writeFileSync(path.join(out, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(
    project,
    JSON.stringify({
      extends: path.join(root, 'tsconfig.build.json'),
      compilerOptions: { rootDir: root, outDir: out, sourceMap: false },
      include: [path.join(root, 'examples/shop')],
    }),
  );
  execFileSync(process.execPath, [tsc, '-p', project]);
  return path.join(out, 'examples/shop');
}

export function removeCompiled(programs: string): void {
  rmSync(path.resolve(programs, '../..'), { recursive: true });
}

export async function shopUnderTest(programs: string): Promise<ShopUnderTest> {
  const state = mkdtempSync(path.join(tmpdir(), 'shop-state-'));
  const port = await getPort();
  const environment = shopEnvironment(state, 'production', port);
  return {
    environment,
    url: `http://127.0.0.1:${port}`,
    run: (action, ref) =>
      execute([path.join(programs, 'deploy.js'), '--port', String(port), '--state', state], {
        HOTFIX_ACTION: action,
        HOTFIX_ENVIRONMENT: 'production',
        HOTFIX_REF: ref,
      }),
    async remove() {
      await stop(environment);
      rmSync(state, { recursive: true });
    },
  };
}

export function execute(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (error, output, errors) => {
      resolve({ code: error === null ? 0 : Number(error.code), output, errors });
    });
  });
}

export function livePid(environment: ShopEnvironment): number {
  const live = readFileSync(path.join(environment.directory, 'live.json'), 'utf8');
  return (JSON.parse(live) as { pid: number }).pid;
}
