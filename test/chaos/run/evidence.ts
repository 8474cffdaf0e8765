import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { incidentIdOf } from '../../../src/process/contract.ts';
import { root } from '../../support/processes.ts';
import type { Findings } from './figures.ts';
import type { Story } from './story.ts';

type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;

/**
 * Replays every history with the code as it is built, and answers how many there were. Those that do
 * not replay, and those of incidents that are stuck, are kept in `folder` as test/histories has them.
 */
export async function replayAll(
  client: Client,
  findings: Findings,
  folder: string,
): Promise<number> {
  const stuck = findings.of('stuck');
  const histories = new Map<string, History>();
  async function* each() {
    for await (const { workflowId, runId } of client.workflow.list()) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      histories.set(runId, history);
      yield { workflowId, history };
    }
  }
  const workflowBundle = { codePath: join(root, 'dist', 'workflow-bundle.js') };
  let count = 0;
  for await (const { workflowId, runId, error } of Worker.runReplayHistories(
    { workflowBundle },
    each(),
  )) {
    count += 1;
    const history = histories.get(runId);
    histories.delete(runId);
    if (error) findings.add('not replaying', workflowId, error.message.split('\n', 1)[0] ?? '');
    if (history && (error || stuck.has(incidentIdOf(workflowId)))) {
      mkdirSync(folder, { recursive: true });
      const file = join(folder, `${workflowId}-${runId}.json.gz`);
      writeFileSync(file, gzipSync(historyToJSON(history)));
    }
  }
  return count;
}

interface Evidence {
  folder: string;
  findings: Findings;
  faults: readonly string[];
  stories: readonly Story[];
  /** Where the logs of the processes are. */
  logs: string;
}

/** Keeps what is needed to see what went wrong. */
export function keepEvidence({ folder, findings, faults, stories, logs }: Evidence): void {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, content: unknown) =>
    writeFileSync(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
  const wrong = new Set(findings.all.map(({ of }) => incidentIdOf(of)));
  write('findings.json', findings.all);
  write('faults.json', faults);
  write(
    'incidents.json',
    stories.filter(({ id, plan }) => wrong.has(id) || wrong.has(plan.key)),
  );
  // The database is large, and the histories that matter are there.
  const isNeeded = (file: string) => !basename(file).startsWith('temporal.');
  cpSync(logs, join(folder, 'logs'), { recursive: true, filter: isNeeded });
}
