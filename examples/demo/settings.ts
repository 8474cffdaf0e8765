import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import getPort from 'get-port';
import { stringify } from 'yaml';

/** Where this run of the demo keeps and finds everything. */
export interface DemoSettings {
  folder: string;
  api: string;
  temporalUi: string;
  shop: string;
  shopPort: number;
  shopState: string;
  /** The environment of the service. */
  env: Record<string, string>;
}

/** Free ports and a folder of its own, so that the demo never meets a service that is running. */
export async function demoSettings(reviewLimit: string): Promise<DemoSettings> {
  const api = await getPort();
  const temporal = await getPort();
  const ui = await getPort();
  const shop = await getPort();
  const folder = mkdtempSync(path.join(tmpdir(), 'hotfix-demo-'));
  const shopState = path.join(folder, 'shop');
  const configFile = path.join(folder, 'hotfix.yaml');
  writeFileSync(configFile, configuration(shop, shopState, reviewLimit));
  return {
    folder,
    api: `http://127.0.0.1:${api}`,
    temporalUi: `http://127.0.0.1:${ui}`,
    shop: `http://127.0.0.1:${shop}`,
    shopPort: shop,
    shopState,
    env: {
      PORT: String(api),
      TEMPORAL_PORT: String(temporal),
      TEMPORAL_UI_PORT: String(ui),
      HOTFIX_DATA: folder,
      HOTFIX_CONFIG: configFile,
      LOG_LEVEL: 'warn',
    },
  };
}

/** The `hotfix.yaml` of the demo: short limits, so that all of it fits into a minute. */
function configuration(port: number, state: string, reviewLimit: string): string {
  const program = path.join(import.meta.dirname, '..', 'shop', 'deploy.js');
  const run = {
    adapter: 'command',
    command: [process.execPath, program, '--port', String(port), '--state', state],
    timeout: '30s',
  };
  const level = (name: string, notify: string[]) => ({
    name,
    notify,
    acknowledgeWithin: '3s',
    decideWithin: '60s',
  });
  return stringify({
    policy: {
      escalation: {
        quickReview: {
          limit: reviewLimit,
          repeatEvery: '30s',
          levels: [
            level('reviewers', ['waiting']),
            level('incident manager and deployer', ['waiting', 'incidentManager', 'deployer']),
          ],
        },
      },
    },
    services: {
      shop: {
        deploy: { production: { deploy: run, rollback: run } },
        monitoring: {
          production: {
            soak: '6s',
            measures: measuresOf(`http://127.0.0.1:${port}`),
          },
        },
      },
    },
  });
}

/** The front page stays up while the checkout is broken: one measure alone would have passed. */
const measuresOf = (shop: string) => [
  {
    name: 'failed checkouts percent',
    adapter: 'json',
    url: `${shop}/sales`,
    path: '$.failedPercent',
    failure: { above: 5 },
    interval: '1s',
    failureLimit: 3,
    inconclusiveLimit: 3,
  },
  { name: 'front page', adapter: 'http', url: shop, interval: '1s', failureLimit: 3 },
];
