import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  type NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker';
import type { Logger } from 'pino';
import type { HotfixActivities } from '../activities/types.ts';
import { taskQueue } from '../process/contract.ts';

export interface WorkerOptions {
  connection: NativeConnection;
  namespace: string;
  /** Made for a worker that aborts `leaving` when it goes away. */
  activities: (leaving: AbortSignal) => HotfixActivities;
}

export interface RunningWorker {
  /** `RUNNING` while it takes work. */
  state: () => string;
  /** Takes no more work, lets what is under way end for a moment, and resolves when it is gone. */
  stop: () => Promise<void>;
  /** Resolves when the worker has ended; rejects where it failed. */
  ended: Promise<void>;
}

const file = (place: string) => fileURLToPath(new URL(place, import.meta.url));
const bundled = file('../../workflow-bundle.js');

/** Code that was bundled ahead is ready at once; from source it is bundled now. */
const workflowCode = () =>
  existsSync(bundled)
    ? { workflowBundle: { codePath: bundled } }
    : {
        workflowsPath: file('../workflows/index.ts'),
        interceptors: { workflowModules: [file('../workflows/interceptors.ts')] },
        dataConverter: { payloadConverterPath: file('../workflows/payloadConverter.ts') },
        bundlerOptions: { preloadModules: [file('../process/zod.ts')] },
      };

const levels = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'debug',
  WARN: 'warn',
  ERROR: 'error',
} as const;

/** Temporal's own lines go where ours go. Once a process, before anything of Temporal runs. */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    // Signals are the composition root's: the worker is told when to stop.
    shutdownSignals: [],
    logger: new DefaultLogger('INFO', ({ level, message, meta }) =>
      logger[levels[level]](meta ?? {}, message),
    ),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
    },
  });
}

/**
 * What people watch is what heartbeats carry, so news are held back for a second at most. Many
 * analyses wait at once, and each holds its place while it waits.
 */
export const workerLimits = {
  maxHeartbeatThrottleInterval: '1s',
  defaultHeartbeatThrottleInterval: '1s',
  maxConcurrentActivityTaskExecutions: 1_000,
  // A workflow that a query has loaded must not be gone on with: docs/decisions/0014-no-workflow-cache.md.
  maxCachedWorkflows: 0,
  // They are replayed by one thread. More at once would only wait in here until their time is over.
  maxConcurrentWorkflowTaskExecutions: 4,
  maxConcurrentWorkflowTaskPolls: 2,
} as const;

/** Starts a worker; it takes work when this resolves. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const leaving = new AbortController();
  const worker = await Worker.create({
    ...options,
    activities: options.activities(leaving.signal),
    taskQueue,
    identity: `hotfix-worker@${hostname()}:${process.pid}`,
    shutdownGraceTime: '5s',
    ...workerLimits,
    ...workflowCode(),
  });
  const ended = worker.run();
  return {
    state: () => worker.getState(),
    stop: async () => {
      leaving.abort();
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended;
    },
    ended,
  };
}
