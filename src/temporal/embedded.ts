import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { waitUntilUnused } from './dataLock.ts';
import { type DevServer, type DevServerOptions, startDevServer } from './devServer.ts';
import { assertPortFree } from './ports.ts';

export interface EmbeddedOptions
  extends Pick<DevServerOptions, 'executable' | 'port' | 'uiPort' | 'onExit'> {
  /** Where the database, its lock and the log are kept; made when missing. */
  dataDirectory: string;
}

/**
 * Starts the Temporal server that comes with Hotfix, on the data it had the last time.
 * @throws DataInUseError, PortInUseError or DevServerError, each with a sentence that says what to do.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<DevServer> {
  const { dataDirectory, ...server } = options;
  const file = (name: string): string => path.join(dataDirectory, name);
  const storage = { database: file('temporal.db'), lock: file('temporal.lock') };
  await mkdir(dataDirectory, { recursive: true });
  await waitUntilUnused(storage.lock, dataDirectory);
  await assertPortFree({
    host: '127.0.0.1',
    port: server.port,
    purpose: 'the Temporal server',
    variable: 'TEMPORAL_PORT',
  });
  await assertPortFree({
    host: '127.0.0.1',
    port: server.uiPort,
    purpose: 'the Temporal UI',
    variable: 'TEMPORAL_UI_PORT',
  });
  return startDevServer({ ...server, storage, log: file('temporal.log') });
}
