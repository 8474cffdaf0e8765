import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import getPort from 'get-port';
import { stringify } from 'yaml';
import { temporaryFolder } from '../../support/processes.ts';
import { startTemporal, type TestTemporal } from '../../support/temporal.ts';
import { secret } from './server.ts';
import { Supervised } from './supervised.ts';
import { Toxiproxy } from './toxiproxy.ts';

/** Everything that runs in production, each a process of its own, and a bad network to Temporal. */
export class Site {
  readonly folder = temporaryFolder();
  readonly apis: Supervised[] = [];
  readonly workers: Supervised[] = [];
  readonly urls: string[] = [];
  private temporal: TestTemporal | undefined;
  private proxy: Toxiproxy | undefined;

  async start(configuration: object): Promise<void> {
    writeFileSync(join(this.folder, 'hotfix.yaml'), stringify(configuration));
    this.proxy = await Toxiproxy.start();
    this.temporal = await startTemporal({ dataDirectory: this.folder });
    // One after the other: the first worker registers what Temporal has to know.
    for (const name of ['worker-1', 'worker-2']) {
      await this.launch(name, this.workers, 'dist/worker.js', 'worker is ready');
    }
    for (const name of ['api-1', 'api-2']) {
      const port = await this.launch(name, this.apis, 'dist/src/api/server.js', 'API is ready');
      this.urls.push(`http://127.0.0.1:${port}`);
    }
  }

  get client(): Client {
    return this.running.client;
  }

  get network(): Toxiproxy {
    if (!this.proxy) throw new Error('start() comes first.');
    return this.proxy;
  }

  /** Ends Temporal, waits, and starts it again on its file. */
  async restartTemporal(how: 'SIGKILL' | 'SIGTERM', pause: () => Promise<unknown>): Promise<void> {
    const before = this.running;
    if (how === 'SIGKILL') await before.kill();
    // This also ends the connections, which a kill leaves open.
    await before.stop();
    await pause();
    this.temporal = await startTemporal({ dataDirectory: this.folder, port: before.port });
  }

  async stop(): Promise<void> {
    const processes = [...this.apis, ...this.workers];
    await Promise.all(processes.map((one) => one.end('SIGKILL')));
    await this.temporal?.stop().catch(() => {});
    await this.proxy?.stop();
  }

  private get running(): TestTemporal {
    if (!this.temporal) throw new Error('start() comes first.');
    return this.temporal;
  }

  /** Answers the port it has. */
  private async launch(
    name: string,
    among: Supervised[],
    entry: string,
    says: string,
  ): Promise<number> {
    const port = await getPort();
    const env = {
      TEMPORAL_ADDRESS: await this.network.open(name, this.running.server.address),
      HOTFIX_DATA: this.folder,
      HOTFIX_CONFIG: join(this.folder, 'hotfix.yaml'),
      CHAOS_SECRET: secret,
      PORT: String(port),
    };
    const log = join(this.folder, `${name}.log`);
    const launched = new Supervised({ name, entry, env, says, log });
    among.push(launched);
    await launched.start();
    return port;
  }
}
