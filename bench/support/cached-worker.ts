import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { workerLimits } from '../../src/service/worker.ts';
import { rawTaskQueue } from './raw.ts';
import { runWorker } from './worker-process.ts';

/** The service's worker, but that it keeps workflows in memory, as the SDK does where nothing is said. */
await runWorker(async (activities, connection) => {
  const worker = await Worker.create({
    connection,
    activities,
    taskQueue: rawTaskQueue,
    ...workerLimits,
    maxCachedWorkflows: 1_000,
    workflowBundle: {
      codePath: fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url)),
    },
  });
  const ended = worker.run();
  return async () => {
    worker.shutdown();
    await ended;
  };
});
