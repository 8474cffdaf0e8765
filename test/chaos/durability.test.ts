import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { IncidentEvent } from '../../src/process/events.ts';
import type { IncidentView } from '../../src/process/view.ts';
import { bodies } from '../support/incidents.ts';
import { freePort } from '../support/ports.ts';
import { Program, temporaryFolder } from '../support/processes.ts';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';

/** Everything that a team runs, each a process of its own, so that each can die alone. */
let folder: string;
let temporal: TestTemporal;
let api: Program;
let url: string;
let healthy: Server;
let probes: number;
const running = new Set<Program>();
const second = 1000;

beforeEach(async () => {
  folder = temporaryFolder();
  probes = 0;
  healthy = createServer((_, response) => {
    probes += 1;
    response.end('ok');
  }).listen(0, '127.0.0.1');
  temporal = await startTemporal({ dataDirectory: folder });
  writeFileSync(join(folder, 'hotfix.yaml'), configuration());
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  api = launch('dist/src/api/server.js', port);
  await api.says('API is ready');
});

afterEach(async () => {
  for (const program of running) {
    await program.end('SIGKILL');
    program.forget();
  }
  running.clear();
  healthy.close();
  await temporal.stop().catch(() => {});
});

function configuration(): string {
  const { port } = healthy.address() as AddressInfo;
  const deploy = [
    process.execPath,
    '-e',
    `require('fs').appendFileSync(process.argv[1], process.env.HOTFIX_REF + '\\n'); setTimeout(() => {}, 4000)`,
    deployed(),
  ];
  const level = { name: 'all', notify: ['waiting'], acknowledgeWithin: '60s', decideWithin: '60s' };
  return stringify({
    policy: { escalation: { quickReview: { limit: '3s', repeatEvery: '60s', levels: [level] } } },
    services: {
      shop: {
        deploy: { production: { deploy: { adapter: 'command', command: deploy } } },
        monitoring: {
          production: {
            soak: '6s',
            measures: [
              {
                name: 'healthz',
                adapter: 'http',
                url: `http://127.0.0.1:${port}/`,
                interval: '1s',
              },
            ],
          },
        },
      },
    },
  });
}

const deployed = () => join(folder, 'deployed');
const deploys = () => {
  try {
    return readFileSync(deployed(), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};

function launch(file: string, port: number): Program {
  const program = new Program([file], {
    TEMPORAL_ADDRESS: temporal.server.address,
    HOTFIX_DATA: folder,
    HOTFIX_CONFIG: join(folder, 'hotfix.yaml'),
    PORT: String(port),
  });
  running.add(program);
  return program;
}

async function startWorker(): Promise<Program> {
  const worker = launch('dist/worker.js', await freePort());
  await worker.says('worker is ready');
  return worker;
}

const kill = (program: Program) => program.end('SIGKILL');

async function call<T>(path: string, body?: object): Promise<{ status: number; body: T }> {
  const answer = await fetch(`${url}${path}`, {
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  });
  return { status: answer.status, body: (await answer.json()) as T };
}

type Name = keyof typeof bodies;

class Remote {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }

  static async open(): Promise<Remote> {
    const declaration = bodies.incidentDeclared;
    const request = { title: 'Checkout is down', service: 'shop', declaration };
    return new Remote((await call<IncidentView>('/incidents', request)).body.id);
  }

  async say(...names: Name[]): Promise<number[]> {
    const statuses: number[] = [];
    for (const name of names) {
      const path = `/incidents/${this.id}/signals/${name}`;
      statuses.push((await call(path, bodies[name])).status);
    }
    return statuses;
  }

  async until(what: (view: IncidentView) => boolean): Promise<IncidentView> {
    let view: IncidentView | undefined;
    const look = async () => {
      view = (await call<IncidentView>(`/incidents/${this.id}`)).body;
      return what(view);
    };
    await expect.poll(look, { timeout: 50 * second, interval: 200 }).toBe(true);
    return view as IncidentView;
  }

  async events(type: IncidentEvent['type']): Promise<IncidentEvent[]> {
    const { body } = await call<IncidentEvent[]>(`/incidents/${this.id}/timeline`);
    return body.filter((event) => event.type === type);
  }
}

const review: Name[] = ['priorityAssessed', 'fixReady', 'sanityChecked', 'securityChecked'];

describe('a completion is never lost', () => {
  test('what is sent with no worker is recorded, and applied when one comes', async () => {
    const incident = await Remote.open();
    expect(await incident.say('priorityAssessed', 'fixReady')).toEqual([202, 202]);
    const { body } = await call<IncidentView & { stale: boolean }>(`/incidents/${incident.id}`);
    expect(body).toMatchObject({ stale: true, status: 'open', phase: 'declaration' });
    await startWorker();
    await incident.until(({ phase }) => phase === 'quickReview');
  });

  test('a worker killed inside a deploy: another one follows it, and it ran once', async () => {
    const first = await startWorker();
    const incident = await Remote.open();
    await incident.say(...review, 'deployAuthorized');
    await expect.poll(deploys, { timeout: 20 * second }).toEqual(['v42']);
    await kill(first);
    await startWorker();
    const view = await incident.until(({ phase }) => phase === 'verify');
    expect(view.deploys).toMatchObject([{ ref: 'v42', result: { outcome: 'succeeded' } }]);
    expect(deploys()).toEqual(['v42']);
  });

  test('a worker killed inside the monitoring: another one goes on with the same window', async () => {
    const first = await startWorker();
    const incident = await Remote.open();
    await incident.say(...review, 'deployAuthorized');
    await incident.until(({ phase }) => phase === 'verify');
    await incident.say('systemVerified', 'quickVerified');
    await expect.poll(() => probes, { timeout: 20 * second }).toBeGreaterThan(1);
    await kill(first);
    await startWorker();
    const view = await incident.until(({ status }) => status === 'mitigated');
    expect(view.monitoring).toMatchObject({ outcome: 'passed' });
    expect(await incident.events('monitored')).toHaveLength(1);
  });

  test('a worker killed inside a review: the escalation is told all the same', async () => {
    const first = await startWorker();
    const incident = await Remote.open();
    await incident.say('priorityAssessed', 'fixReady');
    await kill(first);
    await sleep(3.5 * second);
    expect(await incident.say('sanityChecked')).toEqual([202]);
    await startWorker();
    const view = await incident.until(({ waitingFor }) => waitingFor.length === 1);
    expect(view.completed.sanityChecked).toMatchObject({ late: true });
    await incident.until(({ escalation }) => escalation.level === 1);
  });

  test('Temporal killed and started again on its file: the incident goes on', async () => {
    await startWorker();
    const incident = await Remote.open();
    await incident.say('priorityAssessed', 'fixReady');
    await incident.until(({ phase }) => phase === 'quickReview');
    const { port } = temporal;
    await temporal.kill();
    const down = await call<{ code: string }>(`/incidents/${incident.id}`);
    expect(down).toMatchObject({ status: 503, body: { code: 'temporal_unreachable' } });
    temporal = await startTemporal({ dataDirectory: folder, port });
    await incident.until(({ phase }) => phase === 'quickReview');
    await incident.say('sanityChecked', 'securityChecked');
    await incident.until(({ phase }) => phase === 'deploy');
  });
});
