import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { root } from '../../support/processes.ts';
import type { Findings } from './figures.ts';

type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;

/** Replays every history with the code as it is built; keeps those that do not, and those of the stuck. */
export async function replayAll(
  client: Client,
  findings: Findings,
  folder: string,
): Promise<number> {
  const stuck = new Set(
    findings.all.filter(({ figure }) => figure === 'stuck').map(({ of }) => of),
  );
  const histories = new Map<string, History>();
  async function* each() {
    for await (const { workflowId, runId } of client.workflow.list()) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      histories.set(workflowId, history);
      yield { workflowId, history };
    }
  }
  let count = 0;
  const workflowBundle = { codePath: join(root, 'dist', 'workflow-bundle.js') };
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, each())) {
    count += 1;
    const history = histories.get(workflowId);
    histories.delete(workflowId);
    const isStuck = stuck.has(workflowId.replace(/^hotfix-/, ''));
    if (error) findings.add('not replaying', workflowId, error.message.split('\n', 1)[0] ?? '');
    if ((error || isStuck) && history) keep(history, join(folder, `${workflowId}.json.gz`));
  }
  return count;
}

/** As test/histories has them. */
function keep(history: History, file: string): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, gzipSync(historyToJSON(history)));
}
