import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from '@temporalio/client';
import { stringify } from 'yaml';
import { connectClient, embeddedServer } from '../../src/temporal/connection.ts';
import { startEmbedded } from '../../src/temporal/embedded.ts';
import { Api } from './api.ts';
import type { Bench } from './bench.ts';
import { freePort } from './ports.ts';
import { Program } from './program.ts';

/** A whole service of its own, each part a process: Temporal on a file, a worker, the API. */
export interface Stand {
  /** The API, over HTTP. */
  api: Api;
  /** The SDK's client, straight to Temporal. */
  client: Client;
  worker: Program;
}

/** Services of the configuration: one with a deploy and a measurement, and all others with neither. */
export const services = { connected: 'shop', manual: 'warehouse' };

/** Starts a stand, lets it be used, and stops it, however that ends. */
export async function withStand<T>(bench: Bench, use: (stand: Stand) => Promise<T>): Promise<T> {
  const stops: (() => Promise<unknown>)[] = [];
  const started = (stop: () => Promise<unknown>) => stops.push(bench.started(stop));
  try {
    return await use(await startStand(bench, started));
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function startStand(
  bench: Bench,
  started: (stop: () => Promise<unknown>) => unknown,
): Promise<Stand> {
  const folder = await bench.folder();
  const [temporalPort, uiPort, workerPort, apiPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const temporal = await startEmbedded({
    executable: bench.executable,
    dataDirectory: folder,
    port: temporalPort,
    uiPort,
  });
  started(() => temporal.stop());
  const url = `http://127.0.0.1:${apiPort}`;
  const environment = {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_UI_URL: temporal.uiUrl,
    HOTFIX_DATA: folder,
    HOTFIX_CONFIG: await configure(folder, url),
  };
  const launch = (entry: string, port: number) => {
    const log = path.join(folder, `${path.basename(entry)}.log`);
    const program = new Program(entry, { ...environment, PORT: String(port) }, log);
    started(() => program.stop());
    return program;
  };
  const worker = launch('worker.js', workerPort);
  const server = launch('src/api/server.js', apiPort);
  await Promise.all([worker.says('worker is ready'), server.says('API is ready')]);

  const connection = await connectClient(embeddedServer(temporal.address));
  started(() => connection.close());
  const api = new Api(url);
  started(() => api.close());
  return { api, client: new Client({ connection }), worker };
}

/** The deploy is a program that does nothing, the measurement one second of the API's own health. */
async function configure(folder: string, url: string): Promise<string> {
  const file = path.join(folder, 'hotfix.yaml');
  const run = { adapter: 'command', command: [process.execPath, '--eval', ''] };
  const health = { name: 'healthz', adapter: 'http', url: `${url}/healthz`, interval: '1s' };
  const connected = {
    deploy: { production: { deploy: run } },
    monitoring: { window: '1s', measures: [health] },
  };
  await writeFile(file, stringify({ services: { [services.connected]: connected } }));
  return file;
}
