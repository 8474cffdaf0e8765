import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { waitUntilUnused } from './dataLock.ts';
import { type DevServer, type DevServerOptions, startDevServer } from './devServer.ts';
import { waitUntilFree } from './ports.ts';
import type { Waiting } from './waiting.ts';

export interface EmbeddedOptions
  extends Pick<DevServerOptions, 'executable' | 'port' | 'uiPort' | 'onExit'>,
    Waiting {
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
  // The incidents in it are for its owner. A folder that is there already, perhaps shared, keeps its mode.
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  await waitUntilUnused(storage.lock, dataDirectory, options);
  const host = '127.0.0.1';
  for (const use of [
    { host, port: server.port, purpose: 'the Temporal server', variable: 'TEMPORAL_PORT' },
    { host, port: server.uiPort, purpose: 'the Temporal UI', variable: 'TEMPORAL_UI_PORT' },
  ]) {
    await waitUntilFree(use, options);
  }
  return startDevServer({ ...server, storage, log: file('temporal.log') });
}
