import { Client } from '@temporalio/client';
import { createDirectory } from '../config/directory.ts';
import { type Lifecycle, runProcess } from '../service/lifecycle.ts';
import { linksOf, slackAppsOf, startUp } from '../service/startup.ts';
import { connectClient, embeddedServer, namedServer } from '../temporal/connection.ts';
import { freeSpaceAt } from '../temporal/freeSpace.ts';
import { startApi } from './listen.ts';

/** The API alone: `node dist/src/api/server.js`. */
async function start(lifecycle: Lifecycle): Promise<void> {
  const startup = await startUp();
  const { settings, config, logger } = startup;
  const named = namedServer();
  const server = named ?? embeddedServer(`127.0.0.1:${settings.temporalPort}`);
  const connection = await connectClient(server);
  lifecycle.onStop(() => connection.close());
  const api = await startApi({
    client: new Client({ connection, namespace: server.namespace }),
    directory: createDirectory(config),
    slack: slackAppsOf(startup),
    links: linksOf(startup),
    uiUrl: settings.temporalUiUrl,
    freeSpace: named ? undefined : () => freeSpaceAt(settings.dataDirectory),
    logger,
    host: settings.host,
    port: settings.port,
  });
  lifecycle.onStop(api.close);
  logger.info({ url: api.url }, 'API is ready');
}

await runProcess(start);
