import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import getPort from 'get-port';
import { waitUntilUnused } from '../../src/temporal/dataLock.ts';
import {
  type DevServer,
  DevServerError,
  type DevServerOptions,
  startDevServer,
} from '../../src/temporal/devServer.ts';
import { temporalExecutable } from '../../src/temporal/executable.ts';

export { skipTime, skipTimeWithoutWorker, virtualNow } from './time.ts';

const START_ATTEMPTS = 3;

/** Lets workflows skip time; the rest makes a timer that was skipped to fire in 10 ms instead of a second. */
const timeSkipping = [
  'frontend.WorkflowTimeSkippingEnabled=true',
  'history.timerProcessorMaxTimeShift="10ms"',
  'history.timerProcessorPollBackoffInterval="10ms"',
  'history.timerProcessorMaxPollRPS=10000',
  'history.timerProcessorMaxPollHostRPS=10000',
].flatMap((setting) => ['--dynamic-config-value', setting]);

export interface TestTemporalOptions {
  /** Keeps the server's data in this directory, for a test that starts it again; in memory without. */
  dataDirectory?: string;
  /** The port of the server before it, so that connections find it again; a free one without. */
  port?: number;
  /** More arguments of `temporal server start-dev`. */
  arguments?: string[];
}

export interface TestTemporal {
  server: DevServer;
  port: number;
  connection: Connection;
  /** For workers. Shut them down before `stop`. */
  nativeConnection: NativeConnection;
  client: Client;
  /** Closes the connections and stops the server. */
  stop(): Promise<void>;
  /** Ends the server as a power cut would, and leaves the connections open. */
  kill(): Promise<void>;
}

/**
 * A Temporal server of the test file's own, on free ports, with the search attributes registered and
 * ready for `skipTime`. Start it in `beforeAll`, stop it in `afterAll`; it takes about a second.
 */
export async function startTemporal(options: TestTemporalOptions = {}): Promise<TestTemporal> {
  const directory = await mkdtemp(path.join(tmpdir(), 'hotfix-temporal-'));
  let ended = (): void => {};
  const exited = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const { server, port } = await startOnFreePorts(options, {
    executable: await temporalExecutable(),
    log: path.join(directory, 'temporal.log'),
    arguments: [...timeSkipping, ...(options.arguments ?? [])],
    onExit: () => ended(),
  });
  const connection = await Connection.connect({ address: server.address });
  const nativeConnection = await NativeConnection.connect({ address: server.address });
  return {
    server,
    port,
    connection,
    nativeConnection,
    client: new Client({ connection }),
    async stop() {
      await connection.close();
      await nativeConnection.close();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
    async kill() {
      process.kill(-server.pid, 'SIGKILL');
      await exited;
    },
  };
}

async function startOnFreePorts(
  { dataDirectory, port }: TestTemporalOptions,
  options: Omit<DevServerOptions, 'port' | 'uiPort'>,
): Promise<{ server: DevServer; port: number }> {
  const storage =
    dataDirectory === undefined
      ? {}
      : {
          storage: {
            database: path.join(dataDirectory, 'temporal.db'),
            lock: path.join(dataDirectory, 'temporal.lock'),
          },
        };
  if (dataDirectory !== undefined) {
    const lock = path.join(dataDirectory, 'temporal.lock');
    await waitUntilUnused(lock, dataDirectory, { onWait: () => {} });
  }
  for (let attempt = 1; ; attempt++) {
    const ports = { port: port ?? (await getPort()), uiPort: await getPort() };
    try {
      return {
        server: await startDevServer({ ...options, ...storage, ...ports }),
        port: ports.port,
      };
    } catch (error) {
      // Another test file may have taken a port that was free a moment ago.
      if (!(error instanceof DevServerError) || attempt === START_ATTEMPTS) throw error;
    }
  }
}
