import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockWorkflowIdOf } from '../../src/process/contract.ts';
import { skipTime } from '../support/temporal.ts';
import { type RemoteIncident, Team } from './team.ts';

let team: Team;

beforeEach(() => {
  team = new Team();
});

afterEach(() => team.stop());

/** A program that writes down when it begins and when it ends; `takes` in milliseconds. */
function configuration(takes: number): object {
  const source = `
    const { appendFileSync } = require('node:fs');
    const note = (what) => appendFileSync(process.argv[1], what + ' ' + process.env.HOTFIX_REF + '\\n');
    note('begin');
    setTimeout(() => note('end'), ${takes});`;
  const command = [process.execPath, '-e', source, log()];
  return {
    services: { shop: { deploy: { production: { deploy: { adapter: 'command', command } } } } },
  };
}

const log = () => join(team.folder, 'deploys.log');
const notes = (): string[] => {
  try {
    return readFileSync(log(), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};

/** One after the other: each deploy has ended before the next begins, and none runs twice. */
function expectOneAtATime(count: number): void {
  const lines = notes();
  const begun = lines.filter((line) => line.startsWith('begin'));
  expect(new Set(begun).size).toBe(count);
  expect(lines).toEqual(begun.flatMap((line) => [line, line.replace('begin', 'end')]));
}

async function readyToDeploy(ref: string): Promise<RemoteIncident> {
  const incident = await team.open();
  await incident.say('priorityAssessed');
  await incident.send('fixReady', { ref });
  await incident.say('sanityChecked', 'securityChecked', 'deployAuthorized');
  return incident;
}

/** Its deployer authorizes as often as they are asked. */
async function untilDeployed(incident: RemoteIncident): Promise<void> {
  await incident.until((view) => {
    const isAsked = view.waitingFor.some(({ signal }) => signal === 'deployAuthorized');
    if (isAsked) void incident.say('deployAuthorized').catch(() => {});
    return view.phase === 'verify';
  }, 280_000);
}

async function deployAll(count: number, disturb: () => Promise<void>): Promise<void> {
  const refs = Array.from({ length: count }, (_, index) => `v${index + 1}`);
  const incidents = await Promise.all(refs.map(readyToDeploy));
  await Promise.all([...incidents.map(untilDeployed), disturb()]);
  expectOneAtATime(count);
}

test('two incidents of one service, and a worker that dies in the middle of a deploy', async () => {
  await team.start(configuration(1_500));
  const first = await team.startWorker();
  await deployAll(2, async () => {
    await expect.poll(notes, { timeout: 30_000 }).toHaveLength(1);
    await first.end('SIGKILL');
    await team.startWorker();
  });
}, 120_000);

test('ten incidents of one service, and workers that die', async () => {
  await team.start(configuration(100));
  let worker = await team.startWorker();
  await deployAll(10, async () => {
    for (const reached of [3, 13]) {
      while (notes().length < reached) await sleep(50);
      await worker.end('SIGKILL');
      worker = await team.startWorker();
    }
  });
}, 300_000);

test('one whose incident was terminated with its worker dead does not hold up the next', async () => {
  await team.start(configuration(15_000));
  const worker = await team.startWorker();
  const first = await readyToDeploy('v1');
  await expect.poll(notes, { timeout: 30_000 }).toEqual(['begin v1']);
  const second = await readyToDeploy('v2');
  await second.until(({ deployQueue }) => deployQueue?.holder?.incidentId === first.id);
  await worker.end('SIGKILL');
  await team.temporal.client.workflow.getHandle(`hotfix-${first.id}`).terminate();
  await team.startWorker();
  // Nobody can say whether its deploy goes on, so it gets its time.
  await second.until(({ deployQueue }) => deployQueue?.holder?.givenUp === true);
  await skipTime(team.temporal.connection, lockWorkflowIdOf('shop', 'production'), '11m');
  await untilDeployed(second);
  expectOneAtATime(2);
}, 180_000);
