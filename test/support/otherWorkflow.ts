import { proxyActivities } from '@temporalio/workflow';
import type { Opening } from '../../src/process/events.ts';

const { somethingElse } = proxyActivities<{ somethingElse(): Promise<void> }>({
  startToCloseTimeout: '1m',
});

/**
 * A workflow of the incidents' name that does something else, as a version with a mistake would: it can
 * replay no incident, and knows no query. With the title `A bug` its very first task fails.
 */
export async function hotfix({ request }: Opening): Promise<void> {
  if (request.title === 'A bug') throw new Error('a bug');
  await somethingElse();
}
