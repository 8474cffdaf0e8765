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
import type { HotfixActivities } from './src/activities/types.ts';
import { taskQueue } from './src/process/contract.ts';

export interface WorkerOptions {
  connection: NativeConnection;
  namespace: string;
  activities: HotfixActivities;
  logger: Logger;
}

export interface RunningWorker {
  /** `RUNNING` while it takes work. */
  state: () => string;
  /** Takes no more work, lets what is under way end for a moment, and resolves when it is gone. */
  stop: () => Promise<void>;
  /** Resolves when the worker has ended; rejects where it failed. */
  ended: Promise<void>;
}

const built = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));

/** Code that was bundled ahead starts within a second; from source it is bundled now. */
const workflowCode = () =>
  existsSync(built)
    ? { workflowBundle: { codePath: built } }
    : { workflowsPath: fileURLToPath(new URL('./src/workflows/index.ts', import.meta.url)) };

/** Temporal's own log lines go where ours go; only once a process, before anything of Temporal runs. */
export function installRuntime(logger: Logger, metricsAddress?: string): void {
  const levels = {
    TRACE: 'trace',
    DEBUG: 'debug',
    INFO: 'debug',
    WARN: 'warn',
    ERROR: 'error',
  } as const;
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) =>
      logger[levels[level]](meta ?? {}, message),
    ),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
      ...(metricsAddress && { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
  });
}

/** Starts a worker and resolves when it takes work. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const worker = await Worker.create({
    connection: options.connection,
    namespace: options.namespace,
    taskQueue,
    activities: options.activities,
    identity: `hotfix-worker@${hostname()}:${process.pid}`,
    shutdownGraceTime: '5s',
    ...workflowCode(),
  });
  const ended = worker.run();
  return {
    state: () => worker.getState(),
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended;
    },
    ended,
  };
}
