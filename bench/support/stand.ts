import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from '@temporalio/client';
import getPort from 'get-port';
import { stringify } from 'yaml';
import { connectClient, embeddedServer } from '../../src/temporal/connection.ts';
import { startEmbedded } from '../../src/temporal/embedded.ts';
import { Api } from './api.ts';
import type { Bench } from './bench.ts';
import { Program } from './program.ts';
import { inScope, type Started } from './scope.ts';

/** A whole service of its own, each part a process: Temporal on a file, a worker, the API. */
export interface Stand {
  /** The API, over HTTP. */
  api: Api;
  /** The SDK's client, straight to Temporal. */
  client: Client;
  startWorker: () => Promise<Program>;
}

/** Services of the configuration: one with a deploy and a measurement, and all others with neither. */
export const services = { connected: 'shop', manual: 'warehouse' };

/** Starts a stand, lets it be used, and stops it, however that ends. Its worker is started apart. */
export async function withStand<T>(bench: Bench, use: (stand: Stand) => Promise<T>): Promise<T> {
  return inScope(bench, async (started) => use(await startStand(bench, started)));
}

async function startStand(bench: Bench, started: Started): Promise<Stand> {
  const folder = await bench.folder();
  const temporal = await startEmbedded({
    executable: bench.executable,
    dataDirectory: folder,
    port: await getPort(),
    uiPort: await getPort(),
  });
  started(() => temporal.stop());
  const apiPort = await getPort();
  const url = `http://127.0.0.1:${apiPort}`;
  const environment = {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_UI_URL: temporal.uiUrl,
    HOTFIX_DATA: folder,
    HOTFIX_CONFIG: await configure(folder),
  };
  const launch = async (entry: string, port: number, ready: string) => {
    const log = path.join(folder, `${path.basename(entry)}.log`);
    const program = new Program(entry, { ...environment, PORT: String(port) }, log);
    started(() => program.stop());
    await program.says(ready);
    return program;
  };
  await launch('src/api/server.js', apiPort, 'API is ready');
  const connection = await connectClient(embeddedServer(temporal.address));
  started(() => connection.close());
  const api = new Api(url);
  started(() => api.close());
  return {
    api,
    client: new Client({ connection }),
    startWorker: async () => launch('worker.js', await getPort(), 'worker is ready'),
  };
}

/** The deploy is a program that does nothing. */
async function configure(folder: string): Promise<string> {
  const file = path.join(folder, 'hotfix.yaml');
  const run = { adapter: 'command', command: [process.execPath, '--eval', ''] };
  const connected = {
    deploy: { production: { deploy: run } },
  };
  await writeFile(file, stringify({ services: { [services.connected]: connected } }));
  return file;
}
