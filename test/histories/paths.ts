import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { HotfixActivities } from '../../src/activities/types.ts';
import { policySchema } from '../../src/process/policy.ts';
import { deployed, live, measured } from '../support/incidents.ts';
import { LiveLock } from '../support/lock.ts';
import type { Bed, LiveIncident } from '../support/workflows.ts';

/** One way through the process, played on a real server to record its history. */
export interface Path {
  name: string;
  world?: Partial<HotfixActivities>;
  /** Resolves with whose history is kept. */
  play: (bed: Bed) => Promise<{ handle: WorkflowHandle }>;
}

const full = { staging: true, monitored: true, rollback: true };

const soon = () => {
  const policy = policySchema.parse({});
  const level = { acknowledgeWithin: 300, decideWithin: 300 };
  policy.escalation.quickReview = {
    limit: 500,
    repeatEvery: 1000,
    repeat: 0,
    levels: policy.escalation.quickReview.levels.map((one) => ({ ...one, ...level })),
  };
  return policy;
};

async function finished(incident: LiveIncident): Promise<LiveIncident> {
  await incident.finish();
  return incident;
}

const untilAborted: HotfixActivities['deploy'] = async () => {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 100);
  try {
    return await context.cancelled;
  } finally {
    clearInterval(beat);
  }
};

/** How often the path that is overtaken has asked its deploy system. */
let deploysAsked = 0;

const now = () => new Date().toISOString();

/** What a deploy system has begun and cannot tell the end of. */
const begunRun = {
  adapter: 'http',
  startedAt: '2026-01-01T00:00:00.000Z',
  before: { version: 'v1', restore: { revision: '1' } },
};

/** Whoever is on call changes from one message to the next; then the rota fails. */
let rotasAsked = 0;
const foundOnCall = () => {
  rotasAsked += 1;
  const base = { rota: 'primary', asOf: now() };
  return rotasAsked < 4
    ? { ...base, people: [rotasAsked < 3 ? 'rachel' : 'zoe'], source: 'live' as const }
    : { ...base, people: ['zoe'], source: 'lastGood' as const, problem: 'The feed is down.' };
};

export const paths: Path[] = [
  {
    name: 'straight',
    play: async (bed) => {
      const incident = await (await bed.open(full)).toPhase('deploy');
      await incident.say('deployAuthorized', { skipStaging: false });
      await incident.untilPhase('verify');
      await incident.send('systemVerified');
      await incident.send('quickVerified');
      await incident.untilPhase('postMortem');
      return finished(incident);
    },
  },
  {
    name: 'ways-back',
    world: {
      deploy: async ({ attempt }) => deployed(attempt === 2 ? 'failed' : 'succeeded'),
      monitor: async ({ attempt }) => measured(attempt === 4 ? 'passed' : 'failed'),
    },
    play: async (bed) => {
      const terms = { monitored: true, rollback: true };
      const incident = await (await bed.open(terms)).toPhase('quickReview');
      await incident.say('sanityChecked', { verdict: 'rejected' });
      for (const attempt of [2, 3, 4]) {
        await incident.untilPhase('quickFix', attempt);
        for (const name of [
          ...(['fixReady', 'sanityChecked', 'securityChecked'] as const),
          'deployAuthorized' as const,
        ]) {
          await incident.send(name, name === 'fixReady' ? { ref: `v4${attempt}` } : {});
        }
        if (attempt > 2) {
          await incident.untilPhase('verify', attempt);
          await incident.send('quickVerified', { passed: attempt === 4 });
        }
      }
      await incident.send('systemVerified');
      await incident.untilPhase('postMortem', 4);
      return finished(incident);
    },
  },
  {
    name: 'escalated-and-refused',
    play: async (bed) => {
      const incident = await (await bed.open({ policy: soon() })).toPhase('quickReview');
      const level = (wanted: number) =>
        incident.until(`level ${wanted}`, ({ escalation }) => escalation.level >= wanted);
      await level(1);
      await incident.say('escalationAcknowledged');
      await level(2);
      await incident.handle.signal('fixReddy', 7);
      await incident.say('fixReady');
      await incident.say('commented');
      await incident.say('roleAssigned');
      await incident.say('sanityChecked', {}, { by: 'bug-fixer' });
      await incident.say('sanityChecked');
      await incident.say('securityChecked');
      await incident.untilPhase('deploy');
      await incident.send('deployAuthorized');
      await incident.untilPhase('verify');
      await incident.send('systemVerified');
      await incident.send('quickVerified', {}, { by: 'zoe' });
      await incident.untilPhase('postMortem');
      return finished(incident);
    },
  },
  {
    name: 'bypassed',
    play: async (bed) => {
      const incident = await (await bed.open()).toPhase('quickReview');
      await incident.say('reviewBypassed');
      await incident.send('deployAuthorized');
      await incident.untilPhase('verify');
      await incident.send('systemVerified');
      await incident.send('quickVerified');
      await incident.untilPhase('postMortem');
      await incident.say('retrospectiveReviewed');
      return finished(incident);
    },
  },
  {
    name: 'declined',
    play: async (bed) => {
      const incident = await bed.open();
      await incident.send('priorityAssessed', { priority: 'P2' });
      await incident.handle.result();
      return incident;
    },
  },
  {
    name: 'aborted-while-deploying',
    world: { deploy: untilAborted },
    play: async (bed) => {
      const incident = await (await bed.open()).toPhase('deploy');
      await incident.say('deployAuthorized');
      await incident.until('deploying', ({ deploys }) => deploys.length === 1);
      await incident.send('incidentAborted');
      await incident.handle.result();
      return incident;
    },
  },
  {
    name: 'cancelled',
    play: async (bed) => {
      const incident = await (await bed.open()).toPhase('quickFix');
      await incident.handle.cancel();
      await incident.handle.result();
      return incident;
    },
  },
  {
    name: 'failing-activities',
    world: {
      notify: async () => {
        throw new Error('The channel is down.');
      },
      monitor: async () => {
        throw new Error('Nothing answers.');
      },
    },
    play: async (bed) => (await bed.open()).toPhase('verify'),
  },
  {
    name: 'staging-unclear',
    world: {
      monitor: async ({ environment }) =>
        measured(environment === 'staging' ? 'inconclusive' : 'passed'),
    },
    play: async (bed) => {
      const terms = { ...full, stagingMonitored: true };
      const incident = await (await bed.open(terms)).toPhase('deploy');
      await incident.say('deployAuthorized', { skipStaging: false });
      await incident.until('asked again', ({ waitingFor }) => Boolean(waitingFor[0]?.advice));
      await incident.say('deployAuthorized', { skipStaging: true });
      await incident.untilPhase('verify');
      return incident;
    },
  },
  {
    name: 'overtaken',
    world: {
      deploy: async ({ ref, attempt }) => {
        deploysAsked += 1;
        return deploysAsked === 1
          ? { outcome: 'overtaken', by: { incidentId: 'other', ref, at: now() } }
          : deployed(attempt === 1 ? 'succeeded' : 'failed');
      },
      rollback: async () => deployed('failed'),
    },
    play: async (bed) => {
      deploysAsked = 0;
      const incident = await (await bed.open({ rollback: true })).toPhase('deploy');
      await incident.say('deployAuthorized');
      await incident.until('asked again', ({ waitingFor }) => Boolean(waitingFor[0]?.advice));
      const party = { incidentId: 'other', ref: 'v1', since: now() };
      const queue = { environment: 'production', holder: party, waiting: [] };
      await incident.handle.signal('deployQueueChanged', queue);
      await incident.handle.signal('deployQueueChanged', 'nonsense');
      await incident.say('deployAuthorized');
      await incident.untilPhase('verify');
      await incident.say('quickVerified', { passed: false });
      await incident.untilPhase('quickFix', 2);
      return incident;
    },
  },
  {
    name: 'preflight-and-unmeasured',
    world: {
      preflight: async () => [
        {
          environment: 'production',
          what: 'deploy',
          name: 'http',
          ok: false,
          summary: 'The token is not accepted.',
        },
      ],
      monitor: async () => measured('error'),
    },
    play: async (bed) => {
      const incident = await (await bed.open({ connected: true, monitored: true })).toPhase(
        'verify',
      );
      await incident.until('asked', ({ monitoring }) => monitoring?.outcome === 'error');
      await incident.say('systemVerified');
      await incident.send('quickVerified');
      await incident.untilPhase('postMortem');
      return finished(incident);
    },
  },
  {
    name: 'on-call-in-doubt',
    world: {
      notify: async (notifications) => ({
        deliveries: [],
        onCall: notifications.some(({ rotas }) => rotas) ? [live('primary', 'rachel')] : [],
      }),
      findOnCall: async () => [live('primary', 'zoe')],
    },
    play: async (bed) => {
      const terms = { rotas: { reviewer: ['primary'] }, onCall: ['primary'] };
      const incident = await (await bed.open(terms)).toPhase('quickReview');
      await incident.untilHeldBy('rachel');
      await incident.send('sanityChecked', {}, { by: 'tony', requestId: 'tony' });
      await incident.send('sanityChecked', {}, { by: 'zoe', requestId: 'zoe' });
      await incident.until('zoe', ({ completed }) => completed.sanityChecked !== undefined);
      await incident.send('securityChecked');
      await incident.untilPhase('deploy');
      await incident.say('incidentAborted');
      return incident;
    },
  },
  {
    name: 'on-call',
    world: {
      notify: async (notifications) => ({
        deliveries: notifications.map(({ id, recipients }) => ({
          ...{ notification: id, channel: 'log', outcome: 'delivered' as const, to: recipients },
        })),
        onCall: notifications.some(({ rotas }) => rotas) ? [foundOnCall()] : [],
      }),
    },
    play: async (bed) => {
      rotasAsked = 0;
      const terms = { rotas: { reviewer: ['primary'] }, onCall: ['primary'] };
      const incident = await (await bed.open({ ...terms, policy: soon() })).toPhase('quickReview');
      await incident.untilHeldBy('rachel');
      await incident.untilHeldBy('zoe');
      await incident.say('sanityChecked', {}, { by: 'rachel' });
      await incident.say('roleAssigned', { role: 'securityReviewer', person: 'alex' });
      await incident.say('securityChecked');
      await incident.untilPhase('deploy');
      await incident.send('deployAuthorized');
      await incident.untilPhase('verify');
      await incident.send('systemVerified');
      await incident.send('quickVerified');
      await incident.untilPhase('postMortem');
      return finished(incident);
    },
  },
  {
    name: 'outcome-unknown',
    world: {
      deploy: async ({ attempt }) => {
        const facts = attempt === 1 ? { untouched: true } : { run: begunRun };
        throw ApplicationFailure.nonRetryable('It fails.', 'OutcomeUnknown', facts);
      },
      rollback: async () => {
        throw ApplicationFailure.nonRetryable('It takes too long.', 'TimedOut', { run: begunRun });
      },
    },
    play: async (bed) => {
      const incident = await (await bed.open({ rollback: true })).toPhase('deploy');
      await incident.say('deployAuthorized');
      await incident.until('held', ({ waitingFor }) => Boolean(waitingFor[0]?.advice));
      await incident.send('deployConfirmed', { live: false });
      await incident.untilPhase('quickFix', 2);
      await incident.send('fixReady', { ref: 'v42' });
      for (const name of ['sanityChecked', 'securityChecked'] as const) await incident.send(name);
      await incident.untilPhase('deploy', 2);
      await incident.say('deployAuthorized');
      await incident.until('in doubt', ({ waitingFor }) =>
        waitingFor.some(({ signal }) => signal === 'deployConfirmed'),
      );
      await incident.send('deployConfirmed', { live: true });
      await incident.untilPhase('verify', 2);
      await incident.send('quickVerified', { passed: false });
      await incident.untilPhase('quickFix', 3);
      return incident;
    },
  },
  {
    name: 'in-one-hand',
    play: async (bed) => {
      const assignments = { reviewer: ['rachel'], securityReviewer: ['alex'] };
      const opened = await bed.open({ policy: soon(), assignments });
      const incident = await opened.toPhase('quickReview');
      const levels = (role: string, wanted: number) =>
        incident.until(`level ${wanted} of ${role}`, ({ waitingFor }) =>
          waitingFor.some((one) => one.role === role && one.escalationLevel >= wanted),
        );
      await incident.say('escalationAcknowledged', {}, { by: 'alex' });
      await levels('reviewer', 1);
      await incident.say('escalationAcknowledged', {}, { by: 'rachel' });
      await levels('securityReviewer', 2);
      await incident.say('escalationAcknowledged', {}, { by: 'alex' });
      await levels('reviewer', 2);
      await levels('securityReviewer', 2);
      await incident.say('sanityChecked', {}, { by: 'rachel' });
      await incident.say('securityChecked', {}, { by: 'alex' });
      await incident.untilPhase('deploy');
      await incident.send('deployAuthorized');
      await incident.untilPhase('verify');
      await incident.send('systemVerified');
      await incident.send('quickVerified');
      await incident.untilPhase('postMortem');
      return finished(incident);
    },
  },
  {
    name: 'lock-queued',
    play: async (bed) => {
      const lock = new LiveLock(bed, 'queued');
      const [first, second, third] = [await bed.open(), await bed.open(), await bed.open()];
      await lock.acquire('one', first);
      await lock.acquire('two', second);
      await lock.until('one', 'granted');
      await lock.release('one', true);
      await lock.until('two', 'overtaken');
      await lock.release('two', false);
      await lock.acquire('two-again', second);
      await lock.acquire('three', third);
      await lock.acquire('four', first);
      await lock.release('two-again', false);
      await lock.until('three', 'granted');
      await third.handle.terminate();
      await lock.watched();
      await lock.skip(11 * 60_000);
      await lock.until('four', 'overtaken');
      await lock.release('four', false);
      await lock.acquire('five', first);
      await lock.acquire('six', second);
      await lock.until('six', 'waiting');
      return lock;
    },
  },
];
