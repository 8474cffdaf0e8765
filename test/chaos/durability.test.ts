import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Program } from '../support/processes.ts';
import { Team } from './team.ts';

let team: Team;
let healthy: Server;
let probes: number;
const second = 1000;

beforeEach(async () => {
  probes = 0;
  healthy = createServer((_, response) => {
    probes += 1;
    response.end('ok');
  }).listen(0, '127.0.0.1');
  await once(healthy, 'listening');
  team = new Team();
  await team.start(configuration());
});

afterEach(async () => {
  healthy.close();
  await team.stop();
});

function configuration(): object {
  const { port } = healthy.address() as AddressInfo;
  const deploy = [
    process.execPath,
    '-e',
    `require('fs').appendFileSync(process.argv[1], process.env.HOTFIX_REF + '\\n'); setTimeout(() => {}, 4000)`,
    deployed(),
  ];
  const level = { name: 'all', notify: ['waiting'], acknowledgeWithin: '60s', decideWithin: '60s' };
  return {
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
  };
}

const deployed = () => join(team.folder, 'deployed');
const deploys = () => {
  try {
    return readFileSync(deployed(), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};

const kill = (program: Program) => program.end('SIGKILL');

const review = ['priorityAssessed', 'fixReady', 'sanityChecked', 'securityChecked'] as const;

describe('a completion is never lost', () => {
  test('what is sent with no worker is recorded, and applied when one comes', async () => {
    const incident = await team.open();
    expect(await incident.say('priorityAssessed', 'fixReady')).toEqual([202, 202]);
    expect(await incident.view()).toMatchObject({
      stale: true,
      status: 'open',
      phase: 'declaration',
    });
    await team.startWorker();
    await incident.until(({ phase }) => phase === 'quickReview');
  });

  test('a worker killed inside a deploy: another one follows it, and it ran once', async () => {
    const first = await team.startWorker();
    const incident = await team.open();
    await incident.say(...review, 'deployAuthorized');
    await expect.poll(deploys, { timeout: 20 * second }).toEqual(['v42']);
    await kill(first);
    await team.startWorker();
    const view = await incident.until(({ phase }) => phase === 'verify');
    expect(view.deploys).toMatchObject([{ ref: 'v42', result: { outcome: 'succeeded' } }]);
    expect(deploys()).toEqual(['v42']);
  });

  test('a worker killed inside the monitoring: another one goes on with the same window', async () => {
    const first = await team.startWorker();
    const incident = await team.open();
    await incident.say(...review, 'deployAuthorized');
    await incident.until(({ phase }) => phase === 'verify');
    await incident.say('systemVerified', 'quickVerified');
    await expect.poll(() => probes, { timeout: 20 * second }).toBeGreaterThan(1);
    await kill(first);
    await team.startWorker();
    const view = await incident.until(({ status }) => status === 'mitigated');
    expect(view.monitoring).toMatchObject({ outcome: 'passed' });
    expect(await incident.events('monitored')).toHaveLength(1);
  });

  test('a worker killed inside a review: the escalation is told all the same', async () => {
    const first = await team.startWorker();
    const incident = await team.open();
    await incident.say('priorityAssessed', 'fixReady');
    await kill(first);
    await sleep(3.5 * second);
    expect(await incident.say('sanityChecked')).toEqual([202]);
    await team.startWorker();
    const view = await incident.until(({ waitingFor }) => waitingFor.length === 1);
    expect(view.completed.sanityChecked).toMatchObject({ late: true });
    await incident.until(({ escalation }) => escalation.level === 1);
  });

  test('Temporal killed and started again on its file: the incident goes on', async () => {
    await team.startWorker();
    const incident = await team.open();
    await incident.say('priorityAssessed', 'fixReady');
    await incident.until(({ phase }) => phase === 'quickReview');
    await team.temporal.kill();
    const down = await team.call<{ code: string }>(`/incidents/${incident.id}`);
    expect(down).toMatchObject({ status: 503, body: { code: 'temporal_unreachable' } });
    await team.restartTemporal();
    await incident.until(({ phase }) => phase === 'quickReview');
    await incident.say('sanityChecked', 'securityChecked');
    await incident.until(({ phase }) => phase === 'deploy');
  });
});
