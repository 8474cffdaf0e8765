import type { Client } from '@temporalio/client';
import getPort from 'get-port';
import { Api } from './api.ts';
import type { Bench } from './bench.ts';
import type { Program } from './program.ts';
import { inScope, type Started } from './scope.ts';
import { startSite } from './site.ts';

/** A whole service of its own, each part a process: Temporal on a file, a worker, the API. */
export interface Stand {
  /** The API, over HTTP. */
  api: Api;
  /** The SDK's client, straight to Temporal. */
  client: Client;
  /** `entry` is the program, relative to `dist/`; without, the service's own worker. */
  startWorker: (entry?: string) => Promise<Program>;
}

/** Services of the configuration: one with a deploy and a measurement, and all others with neither. */
export const services = { connected: 'shop', manual: 'warehouse' };

/** The deploy is a program that does nothing. */
const run = { adapter: 'command', command: [process.execPath, '--eval', ''] };
const config = { services: { [services.connected]: { deploy: { production: { deploy: run } } } } };

/** Starts a stand, lets it be used, and stops it, however that ends. Its worker is started apart. */
export async function withStand<T>(bench: Bench, use: (stand: Stand) => Promise<T>): Promise<T> {
  return inScope(bench, async (started) => use(await startStand(bench, started)));
}

async function startStand(bench: Bench, started: Started): Promise<Stand> {
  const { client, launch, startWorker } = await startSite(bench, started, config);
  const port = await getPort();
  await launch('src/api/server.js', port, 'API is ready');
  const api = new Api(`http://127.0.0.1:${port}`);
  started(() => api.close());
  return { api, client, startWorker };
}
