// A worker with nothing but the SDK: `node worker.mjs ADDRESS QUEUE BUNDLE MAX_CACHED_WORKFLOWS`.
import { NativeConnection, Worker } from '@temporalio/worker';

const [address, taskQueue, codePath, maxCachedWorkflows] = process.argv.slice(2);
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  workflowBundle: { codePath },
  maxCachedWorkflows: Number(maxCachedWorkflows),
  stickyQueueScheduleToStartTimeout: '1s',
});
console.log('ready');
await worker.run();
