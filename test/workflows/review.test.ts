import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policySchema } from '../../src/process/policy.ts';
import { startTemporal } from '../support/temporal.ts';
import { Bed, type LiveIncident } from '../support/workflows.ts';

const second = 1000;
const minute = 60 * second;

let temporal: Awaited<ReturnType<typeof startTemporal>>;
let bed: Bed;
let stop: () => Promise<void>;

beforeAll(async () => {
  temporal = await startTemporal();
  bed = await Bed.at(temporal.server.address);
  stop = await bed.work();
});

afterAll(async () => {
  await stop();
  await bed.close();
  await temporal.stop();
});

const inReview = async (): Promise<LiveIncident> => (await bed.open()).toPhase('quickReview');
const levelOf = async (incident: LiveIncident) => (await incident.view()).escalation.level;

describe('the review has 15 minutes', () => {
  test('at 14:59 nobody is told; at 15:00 the first level is, then each, then the last again', async () => {
    const incident = await inReview();
    await incident.skip(15 * minute - 1 * second);
    expect(await levelOf(incident)).toBe(0);
    await incident.skip(1 * second);
    expect(await levelOf(incident)).toBe(1);
    await incident.skip(16 * minute);
    const told = (await incident.events('escalated')).map(({ data }) => [data.level, data.repeat]);
    expect(told.slice(0, 4)).toEqual([
      [1, 0],
      [2, 0],
      [2, 1],
      [2, 2],
    ]);
    expect((await incident.view()).phase).toBe('quickReview');
    await incident.say('sanityChecked');
    await incident.say('securityChecked');
    const late = (await incident.timeline()).filter(({ data }) => 'late' in data);
    expect(late.map(({ type }) => type)).toEqual(['sanityChecked', 'securityChecked']);
    expect((await incident.view()).phase).toBe('deploy');
    await incident.handle.terminate();
  });

  test('an acknowledgement holds the next level back, and escalation begins again when nothing follows', async () => {
    const incident = await inReview();
    await incident.skip(15 * minute);
    expect((await incident.say('escalationAcknowledged')).verdict).toMatchObject({
      accepted: true,
    });
    await incident.skip(9 * minute);
    expect(await levelOf(incident)).toBe(1);
    await incident.skip(2 * minute);
    expect(await levelOf(incident)).toBe(2);
    await incident.handle.terminate();
  });

  test('what one reviewer has in hand is told to nobody, what the other is asked is told on', async () => {
    const assignments = { reviewer: ['rachel'], securityReviewer: ['alex'] };
    const incident = await (await bed.open({ assignments })).toPhase('quickReview');
    const levels = async () =>
      Object.fromEntries(
        (await incident.view()).waitingFor.map(({ role, escalationLevel }) => [
          role,
          escalationLevel,
        ]),
      );
    await incident.skip(15 * minute);
    await incident.say('escalationAcknowledged', {}, { by: 'rachel' });
    await incident.skip(9 * minute);
    expect(await levels()).toEqual({ reviewer: 1, securityReviewer: 2 });
    await incident.say('securityChecked', {}, { by: 'alex' });
    await incident.skip(2 * minute);
    expect(await levels()).toEqual({ reviewer: 2 });
    const told = (await incident.events('escalated')).map(({ data }) => data.waitingFor);
    expect(told.at(-1)).toEqual(['reviewer']);
    await incident.say('sanityChecked', {}, { by: 'rachel' });
    expect((await incident.view()).phase).toBe('deploy');
    await incident.handle.terminate();
  });

  test('a decision at 14:59 counts as in time, one at 15:01 is late, and the escalation stops', async () => {
    const incident = await inReview();
    await incident.skip(15 * minute - 1 * second);
    await incident.say('sanityChecked');
    await incident.skip(2 * second);
    await incident.say('securityChecked');
    const [inTime] = await incident.events('sanityChecked');
    const [late] = await incident.events('securityChecked');
    expect(inTime?.data.late).toBeUndefined();
    expect(late?.data.late).toBe(true);
    const told = (await incident.events('escalated')).length;
    await incident.skip(9 * minute);
    expect((await incident.events('escalated')).length).toBe(told);
    await incident.handle.terminate();
  });
});

describe('while no worker is there', () => {
  test('a decision received before the deadline and read after it is in time; one received after is late', async () => {
    const own = await Bed.at(temporal.server.address);
    const end = await own.work();
    const policy = policySchema.parse({});
    policy.escalation.quickReview.limit = 2 * second;
    const incident = await (await own.open({ policy })).toPhase('quickReview');
    await end();
    await incident.send('sanityChecked', {}, { at: new Date().toISOString() });
    await sleep(2500);
    await incident.send('securityChecked', {}, { at: new Date().toISOString() });
    const endAgain = await own.work();
    await incident.untilPhase('deploy');
    expect((await incident.events('sanityChecked'))[0]?.data.late).toBeUndefined();
    expect((await incident.events('securityChecked'))[0]?.data.late).toBe(true);
    await endAgain();
    await own.close();
  });

  test('a sender whose clock is an hour behind makes no late decision an early one', async () => {
    const incident = await inReview();
    await incident.skip(15 * minute + 1 * second);
    const begun = (await incident.events('phaseStarted')).at(-1)?.at ?? '';
    const behind = new Date(Date.parse(begun) - 60 * minute).toISOString();
    const barely = new Date(Date.parse(begun) + 1 * second).toISOString();
    await incident.say('sanityChecked', {}, { at: behind });
    await incident.say('securityChecked', {}, { at: barely });
    for (const name of ['sanityChecked', 'securityChecked'] as const) {
      const [decision] = await incident.events(name);
      expect(decision?.data.late).toBe(true);
      expect((decision?.at ?? '') > begun).toBe(true);
    }
    await incident.handle.terminate();
  });
});
