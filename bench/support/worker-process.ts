import type { NativeConnection } from '@temporalio/worker';
import type { HotfixActivities } from '../../src/activities/types.ts';
import { runProcess } from '../../src/service/lifecycle.ts';
import { activitiesOf, type Startup, startUp } from '../../src/service/startup.ts';
import { installRuntime } from '../../src/service/worker.ts';
import { connectWorker, namedServer } from '../../src/temporal/connection.ts';

/** Starts a worker, and tells how to stop it. */
type Start = (
  activities: HotfixActivities,
  connection: NativeConnection,
  startup: Startup,
) => Promise<() => Promise<void>>;

/** A process with a worker of a measurement's own; begun and ended as the service's own. */
export const runWorker = (start: Start): Promise<void> =>
  runProcess(async (lifecycle) => {
    const startup = await startUp();
    installRuntime(startup.logger);
    const server = namedServer();
    if (!server) throw new Error('TEMPORAL_ADDRESS must name the server.');
    const connection = await connectWorker(server);
    lifecycle.onStop(() => connection.close());
    const leaving = new AbortController();
    lifecycle.onStop(await start(activitiesOf(startup, leaving.signal), connection, startup));
    lifecycle.onStop(() => leaving.abort());
    startup.logger.info('worker is ready');
  });
