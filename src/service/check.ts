import type { ActivityDeps } from '../activities/index.ts';
import { tryAccess } from '../activities/preflight.ts';
import type { PreflightCheck } from '../process/outcomes.ts';
import { checkTable } from './check-table.ts';
import { adaptersOf, startUp } from './startup.ts';

/** `npm run check`: tries the access to the systems of every service, without changing anything. */
async function check(): Promise<void> {
  const startup = await startUp();
  const adapters = adaptersOf(startup);
  const names = Object.keys(startup.config.services);
  if (names.length === 0) {
    process.stdout.write('hotfix.yaml names no services, so there is nothing to try.\n');
    return;
  }
  process.stderr.write(`Trying the systems of ${names.length} services …\n`);
  const results = await Promise.all(
    names.map(async (name) => ({ name, checks: await checksOf(name, adapters) })),
  );
  const isTerminal = process.stdout.isTTY === true && !process.env.NO_COLOR;
  process.stdout.write(checkTable(results, isTerminal));
  if (results.some(({ checks }) => checks.some(({ ok }) => !ok))) process.exitCode = 1;
}

const checksOf = (
  name: string,
  { services, rotasOf }: Pick<ActivityDeps, 'services' | 'rotasOf'>,
): Promise<PreflightCheck[]> =>
  tryAccess(
    name,
    (environment) => services(name, environment),
    rotasOf(name),
    new AbortController().signal,
  );

try {
  await check();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
