import { createActivities } from '../../src/activities/index.ts';
import { adaptersOf } from '../../src/service/startup.ts';
import { startWorker } from '../../src/service/worker.ts';
import { fastClock } from './fast-clock.ts';
import { runWorker } from './worker-process.ts';

/** The service's worker, but for the clock by which its activities go. */
await runWorker(async (_, connection, startup) => {
  const { logger } = startup;
  const activities = (leaving: AbortSignal) =>
    createActivities({ ...adaptersOf(startup), logger, leaving, ...fastClock() });
  const worker = await startWorker({ connection, namespace: 'default', activities });
  return worker.stop;
});
