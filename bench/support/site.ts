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

/** Temporal on a file, and programs of one configuration, started and killed as a measurement wants. */
export interface Site {
  /** The SDK's client, straight to Temporal. */
  client: Client;
  /** What an incident of the service begins with. */
  termsOf: (service: string) => ServiceTerms;
  /** Starts a program, and resolves when it has said that it is ready; `entry` is relative to `dist/`. */
  launch: (entry: string, port: number, ready: string) => Promise<Program>;
  /** Starts a worker, and resolves when it takes work. */
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
    onWait: (sentence) => bench.progress.now(sentence),
  });
  started(() => temporal.stop());
  const file = path.join(folder, 'hotfix.yaml');
  await writeFile(file, stringify(config));
  const environment = {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_UI_URL: temporal.uiUrl,
    HOTFIX_DATA: folder,
    HOTFIX_CONFIG: file,
    [secretEnv]: randomBytes(32).toString('base64'),
  };
  const connection = await connectClient(embeddedServer(temporal.address));
  started(() => connection.close());
  const loaded = await loadConfig(file, environment);
  let launched = 0;
  const launch = async (entry: string, port: number, ready: string) => {
    const log = path.join(folder, `${path.basename(entry)}-${++launched}.log`);
    const program = new Program(entry, { ...environment, PORT: String(port) }, log);
    started(() => program.stop());
    await program.says(ready);
    return program;
  };
  return {
    client: new Client({ connection }),
    termsOf: (service) => termsOf(loaded, loaded.services[service]),
    launch,
    startWorker: async (entry = 'worker.js') => launch(entry, await getPort(), 'worker is ready'),
  };
}
