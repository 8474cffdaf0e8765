import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from '@temporalio/client';
import getPort from 'get-port';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { termsOf } from '../../src/config/terms.ts';
import type { ServiceTerms } from '../../src/process/events.ts';
import { connectClient, embeddedServer } from '../../src/temporal/connection.ts';
import { startEmbedded } from '../../src/temporal/embedded.ts';
import type { Bench } from './bench.ts';
import { Program } from './program.ts';
import type { Started } from './scope.ts';

/** Temporal on a file, and workers of one configuration, started and killed as a measurement wants. */
export interface Site {
  /** The SDK's client, straight to Temporal. */
  client: Client;
  /** What an incident of the service begins with. */
  termsOf: (service: string) => ServiceTerms;
  /** Starts a worker, and resolves when it takes work; `entry` is relative to `dist/`. */
  startWorker: (entry?: string) => Promise<Program>;
}

/** The environment variable that the configuration names where it needs a secret of a webhook. */
export const secretEnv = 'BENCH_SECRET';

/** `config` is what stands in `hotfix.yaml`. */
export async function startSite(bench: Bench, started: Started, config: object): Promise<Site> {
  const folder = await bench.folder();
  const temporal = await startEmbedded({
    executable: bench.executable,
    dataDirectory: folder,
    port: await getPort(),
    uiPort: await getPort(),
  });
  started(() => temporal.stop());
  const file = path.join(folder, 'hotfix.yaml');
  await writeFile(file, stringify(config));
  const environment = {
    TEMPORAL_ADDRESS: temporal.address,
    HOTFIX_DATA: folder,
    HOTFIX_CONFIG: file,
    [secretEnv]: randomBytes(32).toString('base64'),
  };
  const connection = await connectClient(embeddedServer(temporal.address));
  started(() => connection.close());
  const loaded = await loadConfig(file, environment);
  let workers = 0;
  return {
    client: new Client({ connection }),
    termsOf: (service) => termsOf(loaded, loaded.services[service]),
    async startWorker(entry = 'worker.js') {
      const log = path.join(folder, `worker-${++workers}.log`);
      const port = String(await getPort());
      const worker = new Program(entry, { ...environment, PORT: port }, log);
      started(() => worker.stop());
      await worker.says('worker is ready');
      return worker;
    },
  };
}
