import { Client } from '@temporalio/client';
import { startApi } from './api/listen.ts';
import { createDirectory } from './config/directory.ts';
import { help } from './service/help.ts';
import { type Lifecycle, runProcess } from './service/lifecycle.ts';
import { activitiesOf, linksOf, type Startup, slackAppsOf, startUp } from './service/startup.ts';
import { installRuntime, startWorker } from './service/worker.ts';
import {
  connectClient,
  connectWorker,
  embeddedServer,
  namedServer,
  type TemporalServer,
} from './temporal/connection.ts';
import { startEmbedded } from './temporal/embedded.ts';
import { temporalExecutable } from './temporal/executable.ts';
import { freeSpaceAt } from './temporal/freeSpace.ts';
import { waitUntilFree } from './temporal/ports.ts';
import { registerSearchAttributes } from './temporal/register.ts';

/** `npm start`: Temporal where none is named, the worker and the API, in one process. */
async function start(lifecycle: Lifecycle): Promise<void> {
  const startup = await startUp();
  const { settings, config, logger } = startup;
  const { host, port } = settings;
  await waitUntilFree({ host, port, purpose: 'the API', variable: 'PORT' }, { onWait: say });
  installRuntime(logger);
  const temporal = await temporalFor(startup, lifecycle);

  const connection = await connectClient(temporal.server);
  lifecycle.onStop(() => connection.close());
  await registerSearchAttributes(connection, temporal.server.namespace);

  const native = await connectWorker(temporal.server);
  lifecycle.onStop(() => native.close());
  const { namespace } = temporal.server;
  const worker = await startWorker({
    connection: native,
    namespace,
    activities: (leaving) => activitiesOf(startup, leaving),
  });
  lifecycle.onStop(worker.stop);
  worker.ended.catch((error: unknown) => lifecycle.fail(`The worker failed: ${String(error)}`));

  const api = await startApi({
    client: new Client({ connection, namespace }),
    directory: createDirectory(config),
    slack: slackAppsOf(startup),
    links: linksOf(startup),
    uiUrl: temporal.uiUrl,
    freeSpace: temporal.freeSpace,
    logger,
    host,
    port,
  });
  lifecycle.onStop(api.close);
  const ui = temporal.uiUrl ? `   Temporal UI ${temporal.uiUrl}` : '';
  process.stdout.write(`Hotfix is ready.  API ${api.url}   docs ${api.url}/docs${ui}\n`);
}

const say = (sentence: string): unknown => process.stderr.write(`${sentence}\n`);

interface Temporal {
  server: TemporalServer;
  uiUrl: string | undefined;
  /** Of the embedded one. */
  freeSpace?: () => Promise<number>;
}

async function temporalFor({ settings }: Startup, lifecycle: Lifecycle): Promise<Temporal> {
  const named = namedServer();
  if (named) return { server: named, uiUrl: settings.temporalUiUrl };
  const embedded = await startEmbedded({
    executable: await temporalExecutable(),
    dataDirectory: settings.dataDirectory,
    port: settings.temporalPort,
    uiPort: settings.temporalUiPort,
    onExit: (sentence) => lifecycle.fail(sentence),
    onWait: say,
  });
  lifecycle.onStop(() => embedded.stop());
  return {
    server: embeddedServer(embedded.address),
    uiUrl: settings.temporalUiUrl ?? embedded.uiUrl,
    freeSpace: () => freeSpaceAt(settings.dataDirectory),
  };
}

if (process.argv.includes('--help') || process.argv.includes('-h')) process.stdout.write(help);
else await runProcess(start);
