import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { workerLimits } from '../../src/service/worker.ts';
import { rawTaskQueue } from './raw.ts';
import { runWorker } from './worker-process.ts';

/** A worker of the raw SDK, with the same activities as the service's own and as quick. */
await runWorker(async (activities, connection) => {
  const worker = await Worker.create({
    connection,
    activities,
    taskQueue: rawTaskQueue,
    ...workerLimits,
    workflowsPath: fileURLToPath(new URL('raw-deploy.js', import.meta.url)),
  });
  const ended = worker.run();
  return async () => {
    worker.shutdown();
    await ended;
  };
});
