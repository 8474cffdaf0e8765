import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { DeployAdapter, DeployRequest } from '../../src/activities/deploy/types.ts';
import { permanent } from '../../src/activities/failures.ts';
import { createActivities } from '../../src/activities/index.ts';
import { type HotfixResult, lockWorkflowIdOf } from '../../src/process/contract.ts';
import { activityDeps } from '../activities/support.ts';
import { LiveLock } from '../support/lock.ts';
import { skipTime, startTemporal, type TestTemporal } from '../support/temporal.ts';
import { Bed, type LiveIncident } from '../support/workflows.ts';

/** A deploy system that knows how many deploys run, and lets each end when the test says so. */
class Site {
  running = 0;
  most = 0;
  readonly deployed: string[] = [];
  readonly gates = new Map<string, () => void>();
  failing = false;
  /** Whether its runs go on when they are to be stopped. */
  unstoppable = false;

  readonly adapter: DeployAdapter = {
    name: 'site',
    find: async () => undefined,
    start: async ({ idempotencyKey }) => ({ id: idempotencyKey, startedAt: now() }),
    follow: async (_, request) => {
      this.running += 1;
      this.most = Math.max(this.most, this.running);
      try {
        await this.opened(request);
      } finally {
        this.running -= 1;
      }
      if (this.failing) throw permanent('Refused', 'The site refuses it.');
      this.deployed.push(request.ref);
      return { outcome: 'succeeded', summary: 'Done.', output: '', finishedAt: now() };
    },
  };

  private async opened({ ref }: DeployRequest): Promise<void> {
    const gate = new Promise<void>((resolve) => this.gates.set(ref, resolve));
    await (this.unstoppable ? gate : Promise.race([gate, Context.current().cancelled]));
  }

  begun = (ref: string) => expect.poll(() => this.gates.has(ref), { timeout: 20_000 }).toBe(true);
  end = (ref: string) => this.gates.get(ref)?.();
}

const now = () => new Date().toISOString();

let temporal: TestTemporal;
let bed: Bed;
let site: Site;
let stop: () => Promise<void>;
let service: string;
let count = 0;

beforeAll(async () => {
  temporal = await startTemporal({
    arguments: ['--dynamic-config-value', 'frontend.WorkflowPauseEnabled=true'],
  });
  bed = await Bed.at(temporal.server.address);
  const adapter: DeployAdapter = {
    name: 'site',
    find: async () => undefined,
    start: (...all) => site.adapter.start(...all),
    follow: (...all) => site.adapter.follow(...all),
  };
  const { deploy, rollback } = createActivities(activityDeps(adapter));
  stop = await bed.work({ deploy, rollback });
});

afterAll(async () => {
  await stop();
  await bed.close();
  await temporal.stop();
});

beforeEach(() => {
  site = new Site();
  count += 1;
  service = `shop-${count}`;
});

async function authorized(ref: string): Promise<LiveIncident> {
  const incident = await bed.open({ rollback: true }, { service });
  await incident.toPhase('quickFix');
  await incident.send('fixReady', { ref });
  for (const name of ['sanityChecked', 'securityChecked'] as const) await incident.send(name);
  await incident.untilPhase('deploy');
  await incident.say('deployAuthorized');
  return incident;
}

/** An incident whose deploy has ended. */
async function live(ref: string): Promise<LiveIncident> {
  const incident = await authorized(ref);
  await site.begun(ref);
  site.end(ref);
  await incident.untilPhase('verify');
  return incident;
}

const idOf = (incident: LiveIncident) => incident.handle.workflowId.replace('hotfix-', '');

const waits = (incident: LiveIncident, behind: LiveIncident) =>
  incident.until('waiting', ({ deployQueue }) => deployQueue?.holder?.incidentId === idOf(behind));

const isAskedAgain = (incident: LiveIncident) =>
  incident.until('asked again', ({ waitingFor }) =>
    waitingFor.some(({ role }) => role === 'deployer'),
  );

const lockHandle = () => bed.client.workflow.getHandle(lockWorkflowIdOf(service, 'production'));

test('the second waits, both show it, and its deployer is asked again', async () => {
  const first = await authorized('v1');
  await site.begun('v1');
  const second = await authorized('v2');
  const view = await waits(second, first);
  expect(view.explanation).toContain(`Waiting for the incident ${idOf(first)}`);
  await first.until('told', ({ deployQueue }) => deployQueue?.waiting[0]?.ref === 'v2');
  expect(site.gates.has('v2')).toBe(false);

  site.end('v1');
  await first.untilPhase('verify');
  const { waitingFor, deployQueue } = await isAskedAgain(second);
  expect(waitingFor[0]?.advice).toContain(`${idOf(first)} has brought v1 live`);
  expect(deployQueue).toBeNull();

  await second.say('deployAuthorized');
  await site.begun('v2');
  site.end('v2');
  await second.untilPhase('verify');
  expect(site.deployed).toEqual(['v1', 'v2']);
  expect(site.most).toBe(1);
});

test('who aborts gives the place back, whether held or waited for', async () => {
  const first = await authorized('v1');
  await site.begun('v1');
  const second = await authorized('v2');
  await waits(second, first);
  const third = await authorized('v3');
  await waits(third, first);
  await second.send('incidentAborted');
  await second.handle.result();
  await first.send('incidentAborted');
  await first.handle.result();
  await isAskedAgain(third);
  await third.say('deployAuthorized');
  await site.begun('v3');
  site.end('v3');
  await third.untilPhase('verify');
  expect(site.most).toBe(1);
});

test('a deploy that fails gives the place back', async () => {
  const first = await authorized('v1');
  await site.begun('v1');
  const second = await authorized('v2');
  await waits(second, first);
  site.failing = true;
  site.end('v1');
  await first.untilPhase('quickFix', 2);
  await isAskedAgain(second);
});

test('a holder that was terminated from Temporal does not hold up the next', async () => {
  const first = await authorized('v1');
  await site.begun('v1');
  const second = await authorized('v2');
  await waits(second, first);
  await first.handle.terminate();
  await isAskedAgain(second);
  await second.say('deployAuthorized');
  await site.begun('v2');
  site.end('v2');
  await second.untilPhase('verify');
  expect(site.most).toBe(1);
});

test('a release by somebody else, who knows the key, does not free the lock of a deploy', async () => {
  const first = await authorized('v1');
  await site.begun('v1');
  const key = `${first.handle.workflowId}-deploy-production-1`;
  await lockHandle().signal('release', { key, changed: false });
  const second = await authorized('v2');
  await waits(second, first);
  await lockHandle().signal('release', { key, changed: false });
  await lockHandle().signal('release', { key, changed: true });
  expect(await lockHandle().query('standing', key)).toEqual({ place: 'granted' });
  site.end('v1');
  await first.untilPhase('verify');
  await isAskedAgain(second);
  expect(site.most).toBe(1);
});

const isGivenUp = (incident: LiveIncident) =>
  incident.until('told', ({ deployQueue }) => deployQueue?.holder?.givenUp === true);

test('an aborted deploy that cannot be stopped is waited for, and what it did is on the record', async () => {
  site.unstoppable = true;
  const first = await authorized('v1');
  await site.begun('v1');
  const second = await authorized('v2');
  await waits(second, first);
  await first.send('incidentAborted');
  const { explanation } = await isGivenUp(second);
  expect(explanation).toContain('was given up and may still go on');
  expect(site.gates.has('v2')).toBe(false);
  site.end('v1');
  const { incident } = (await first.handle.result()) as HotfixResult;
  expect(incident).toMatchObject({
    status: 'aborted',
    deploys: [{ ref: 'v1', result: { outcome: 'succeeded' } }],
  });
  await isAskedAgain(second);
  await second.say('deployAuthorized');
  await site.begun('v2');
  site.end('v2');
  await second.untilPhase('verify');
  expect(site.deployed).toEqual(['v1', 'v2']);
  expect(site.most).toBe(1);
});

test('so is one whose incident was terminated', async () => {
  site.unstoppable = true;
  const first = await authorized('v1');
  await site.begun('v1');
  const second = await authorized('v2');
  await waits(second, first);
  await first.handle.terminate();
  await isGivenUp(second);
  await skipTime(temporal.connection, lockHandle().workflowId, '9m');
  expect(site.gates.has('v2')).toBe(false);
  site.end('v1');
  await isAskedAgain(second);
  expect(site.most).toBe(1);
});

test('a holder of which nobody says anything any more is waited for ten minutes', async () => {
  const gone = new LiveLock(bed, service);
  const incident = await bed.open();
  await gone.acquire('one', incident);
  await gone.acquire('two', await bed.open());
  await gone.watched();
  await gone.until('two', 'waiting');
  await gone.skip(9 * 60_000);
  await gone.until('two', 'waiting');
  await gone.skip(2 * 60_000);
  await gone.until('two', 'overtaken');
});

/** When the watch over the holder has looked last. */
async function lastBeat(): Promise<number> {
  const { raw } = await lockHandle().describe();
  return Number(raw.pendingActivities?.[0]?.lastHeartbeatTime?.seconds ?? Number.NaN);
}

test('an incident that is paused in Temporal keeps its lock', async () => {
  const first = await authorized('v1');
  await site.begun('v1');
  const second = await authorized('v2');
  await waits(second, first);
  const { workflowService } = temporal.connection;
  const { workflowId } = first.handle;
  await workflowService.pauseWorkflowExecution({ namespace: 'default', workflowId });
  expect((await first.handle.describe()).status.name).toBe('PAUSED');
  const before = await lastBeat();
  await expect.poll(lastBeat, { timeout: 20_000 }).toBeGreaterThan(before + 2);
  expect((await second.view()).deployQueue?.holder).not.toHaveProperty('givenUp');
  expect(site.gates.has('v2')).toBe(false);
  await workflowService.unpauseWorkflowExecution({ namespace: 'default', workflowId });
  site.end('v1');
  await first.untilPhase('verify');
  await isAskedAgain(second);
});

test('a rollback does not take back what another incident has brought live since', async () => {
  const first = await live('v1');
  const second = await live('v2');
  await first.say('quickVerified', { passed: false });
  const view = await first.untilPhase('quickFix', 2);
  expect(view.rollbacks[0]?.result).toMatchObject({
    outcome: 'failed',
    summary: expect.stringContaining(`${idOf(second)} has brought v2 live since`),
  });
  expect(view.escalation.level).toBe(2);
});

test('it takes back what is live again since the other incident took its own back', async () => {
  const first = await live('v1');
  const second = await live('v2');
  for (const [incident, ref] of [
    [second, 'v2'],
    [first, 'v1'],
  ] as const) {
    site.gates.clear();
    await incident.say('quickVerified', { passed: false });
    await site.begun(ref);
    site.end(ref);
    const view = await incident.untilPhase('quickFix', 2);
    expect(view.rollbacks[0]?.result).toMatchObject({ outcome: 'succeeded' });
  }
});

test('a free lock is forgotten after a day', async () => {
  await live('v1');
  await skipTime(temporal.connection, lockHandle().workflowId, '25h');
  await lockHandle().result();
});
