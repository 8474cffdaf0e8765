import { createServer } from 'node:http';
import { type Lifecycle, runProcess } from './src/service/lifecycle.ts';
import { activitiesOf, startUp } from './src/service/startup.ts';
import { installRuntime, type RunningWorker, startWorker } from './src/service/worker.ts';
import {
  connectClient,
  connectWorker,
  embeddedServer,
  namedServer,
} from './src/temporal/connection.ts';
import { registerSearchAttributes } from './src/temporal/register.ts';

/** The worker alone: `node dist/worker.js`. */
async function start(lifecycle: Lifecycle): Promise<void> {
  const startup = await startUp();
  const { settings, logger } = startup;
  installRuntime(logger);
  const server = namedServer() ?? embeddedServer(`127.0.0.1:${settings.temporalPort}`);

  const connection = await connectClient(server);
  await registerSearchAttributes(connection, server.namespace);
  await connection.close();

  const native = await connectWorker(server);
  lifecycle.onStop(() => native.close());
  const worker = await startWorker({
    connection: native,
    namespace: server.namespace,
    activities: (leaving) => activitiesOf(startup, leaving),
  });
  lifecycle.onStop(worker.stop);
  worker.ended.catch((error: unknown) => lifecycle.fail(`The worker failed: ${String(error)}`));
  await serveHealth(worker, settings, lifecycle);
  logger.info({ namespace: server.namespace, address: server.options.address }, 'worker is ready');
}

/** `/healthz` answers 200 while the worker takes work: Temporal itself has no such endpoint. */
async function serveHealth(
  worker: RunningWorker,
  { host, port }: { host: string; port: number },
  lifecycle: Lifecycle,
): Promise<void> {
  const health = createServer((_, response) => {
    const state = worker.state();
    response
      .writeHead(state === 'RUNNING' ? 200 : 503, { 'content-type': 'application/json' })
      .end(JSON.stringify({ worker: state }));
  });
  await new Promise<void>((resolve, reject) => {
    health.once('error', reject).listen(port, host, resolve);
  });
  lifecycle.onStop(() => health.close());
}

await runProcess(start);
