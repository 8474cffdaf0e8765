import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';

const PATIENCE_MS = 60_000;
const TRY_EVERY_MS = 50;
const TRY_LIMIT_MS = 2_000;

/**
 * Resolves when the server takes requests for the namespace `default` and its UI answers.
 * @param ended settles with a sentence when the server has ended.
 * @throws Error with a sentence when it ended, or is not ready within a minute.
 */
export async function waitUntilReady(
  address: string,
  uiUrl: string,
  ended: Promise<string>,
): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  const running = { is: true };
  const watched = ended.then((sentence): never => {
    running.is = false;
    throw new Error(sentence);
  });
  const ready = async (): Promise<void> => {
    while (running.is && !(await isReady(address, uiUrl))) {
      if (performance.now() > giveUpAt) {
        throw new Error(`The Temporal server at ${address} was not ready within a minute.`);
      }
      await sleep(TRY_EVERY_MS);
    }
  };
  await Promise.race([ready(), watched]);
}

async function isReady(address: string, uiUrl: string): Promise<boolean> {
  const connection = Connection.lazy({ address });
  try {
    await connection.withDeadline(Date.now() + TRY_LIMIT_MS, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
    const ui = await fetch(uiUrl, { signal: AbortSignal.timeout(TRY_LIMIT_MS) });
    return ui.ok;
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}
