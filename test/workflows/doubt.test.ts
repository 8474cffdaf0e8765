import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { DeployStep, HotfixActivities } from '../../src/activities/types.ts';
import { deployed } from '../support/incidents.ts';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';
import { Bed, type LiveIncident } from '../support/workflows.ts';

const before = { version: 'v1', restore: { revision: '1' } };
const run = {
  adapter: 'site',
  url: 'https://deploy.example.com/runs/1',
  before,
  startedAt: '2026-01-01T00:00:00.000Z',
};

const lost = ApplicationFailure.nonRetryable(
  'The site has begun it, and cannot be asked how it ends.',
  'OutcomeUnknown',
  { run },
);
const refused = ApplicationFailure.nonRetryable('The token has expired.', 'Unauthorized', {
  untouched: true,
});

let temporal: TestTemporal;
let bed: Bed;
let stop: () => Promise<void>;
let deploy: HotfixActivities['deploy'];
let rollback: HotfixActivities['rollback'];
let steps: DeployStep[];

beforeAll(async () => {
  temporal = await startTemporal();
  bed = await Bed.at(temporal.server.address);
  stop = await bed.work({
    deploy: (step) => {
      steps.push(step);
      return deploy(step);
    },
    rollback: (step) => {
      steps.push(step);
      return rollback(step);
    },
  });
});

afterAll(async () => {
  await stop();
  await bed.close();
  await temporal.stop();
});

beforeEach(() => {
  steps = [];
  deploy = async () => deployed('succeeded');
  rollback = async () => deployed('succeeded');
});

const throws = (error: Error) => async () => {
  throw error;
};

async function authorized(ref = 'v2'): Promise<LiveIncident> {
  const incident = await bed.open({ rollback: true });
  await incident.toPhase('quickFix');
  return fixed(incident, ref);
}

async function fixed(incident: LiveIncident, ref: string, attempt = 1): Promise<LiveIncident> {
  await incident.send('fixReady', { ref });
  for (const name of ['sanityChecked', 'securityChecked'] as const) await incident.send(name);
  await incident.untilPhase('deploy', attempt);
  await incident.say('deployAuthorized');
  return incident;
}

const asks = (incident: LiveIncident, signal: string) =>
  incident.until(`asked for ${signal}`, ({ waitingFor }) =>
    waitingFor.some((wait) => wait.signal === signal),
  );

test('the deployer is asked whether it went live, and on their yes it is verified', async () => {
  deploy = throws(lost);
  const incident = await authorized();
  const view = await asks(incident, 'deployConfirmed');
  expect(view.phase).toBe('deploy');
  expect(view.waitingFor).toMatchObject([{ role: 'deployer', advice: lost.message }]);
  expect(view.deploys).toMatchObject([{ result: { outcome: 'unknown', url: run.url, before } }]);
  await incident.say('deployConfirmed', { live: true });
  const after = await incident.untilPhase('verify');
  expect(after.deploys).toMatchObject([{ result: { outcome: 'succeeded', confirmedBy: 'tony' } }]);
  await incident.handle.terminate();
});

test('on their no it goes back to the quick fix, and the reviews are made anew', async () => {
  deploy = throws(lost);
  const incident = await authorized();
  await asks(incident, 'deployConfirmed');
  await incident.say('deployConfirmed', { live: false });
  const view = await incident.untilPhase('quickFix', 2);
  expect(view.deploys).toMatchObject([{ result: { outcome: 'failed', confirmedBy: 'tony' } }]);
  await incident.handle.terminate();
});

test('while they look, nobody else answers for them, and who is late is told of', async () => {
  deploy = throws(lost);
  const incident = await bed.open({ assignments: { deployer: ['tony'] } });
  await incident.toPhase('quickFix');
  await fixed(incident, 'v2');
  const view = await asks(incident, 'deployConfirmed');
  const other = await incident.say('deployConfirmed', { live: true }, { by: 'rachel' });
  expect(other.verdict).toMatchObject({ accepted: false, code: 'not_your_role' });
  const [wait] = view.waitingFor;
  await incident.skip(Date.parse(wait?.deadline ?? '') - Date.parse(wait?.since ?? '') + 1_000);
  expect((await incident.view()).escalation.level).toBe(1);
  await incident.handle.terminate();
});

test('a deploy that was refused is authorized again without a new review', async () => {
  deploy = throws(refused);
  const incident = await authorized();
  const view = await asks(incident, 'deployAuthorized');
  expect(view.attempt).toBe(1);
  expect(view.deploys).toEqual([]);
  expect(view.waitingFor[0]?.advice).toContain(refused.message);
  deploy = async () => deployed('succeeded');
  await incident.say('deployAuthorized');
  await incident.untilPhase('verify');
  await incident.handle.terminate();
});

test.each([
  [false, 'quickFix', 2],
  [true, 'verify', 1],
] as const)(
  'of a deploy that was refused, "live: %s" leads to %s',
  async (live, phase, attempt) => {
    deploy = throws(refused);
    const incident = await authorized();
    await asks(incident, 'deployAuthorized');
    expect((await incident.say('deployConfirmed', { live })).verdict).toMatchObject({
      accepted: true,
    });
    await incident.untilPhase(phase, attempt);
    await incident.handle.terminate();
  },
);

test('without a deploy in doubt there is nothing to confirm', async () => {
  const incident = await (await bed.open()).toPhase('deploy');
  const { verdict } = await incident.say('deployConfirmed', { live: true });
  expect(verdict).toMatchObject({ accepted: false, code: 'nothing_to_confirm' });
  await incident.handle.terminate();
});

test('a rollback in doubt is told to the top at once, and is not taken for one that failed', async () => {
  rollback = throws(lost);
  const incident = await authorized();
  await incident.untilPhase('verify');
  await incident.say('systemVerified', { solved: false, healthy: false });
  await incident.untilPhase('quickFix', 2);
  const [rolledBack] = await incident.events('rollbackFinished');
  expect(rolledBack?.data.result).toMatchObject({ outcome: 'unknown', url: run.url });
  const [escalated] = await incident.events('escalated');
  expect(escalated?.data.reason).toContain('How the rollback ended is not known.');
  await incident.handle.terminate();
});

test('a rollback goes back to the last version that worked, not to the attempt before', async () => {
  const live = (version: string) => ({ version, restore: { revision: version } });
  deploy = async ({ ref }) => ({
    ...deployed(ref === 'v2' ? 'failed' : 'succeeded'),
    before: live(ref === 'v2' ? 'v1' : 'v2'),
  });
  const incident = await authorized('v2');
  await incident.untilPhase('quickFix', 2);
  await fixed(incident, 'v3', 2);
  await incident.untilPhase('verify', 2);
  await incident.say('systemVerified', { solved: false, healthy: false });
  await incident.untilPhase('quickFix', 3);
  expect(steps.at(-1)).toMatchObject({ ref: 'v3', before: live('v1') });
  await incident.handle.terminate();
});
