import { cpus, release, totalmem, type } from 'node:os';
import { versionOf } from '../../src/temporal/version.ts';
import { markdownTable } from './report.ts';

/** What the figures were measured on, and when. */
export async function machine(executable: string): Promise<string> {
  const processors = cpus();
  return markdownTable([
    ['measured on', ''],
    ['date', new Date().toISOString().slice(0, 10)],
    ['processor', `${processors[0]?.model.trim() ?? 'unknown'}, ${processors.length} cores`],
    ['memory', `${Math.round(totalmem() / 1024 ** 3)} GiB`],
    ['system', `${type()} ${release()}`],
    ['Node', process.version],
    ['Temporal', `CLI ${await versionOf(executable)}, development server on SQLite`],
  ]);
}
