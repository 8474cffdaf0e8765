import { CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HotfixResult } from '../../src/process/contract.ts';
import type { OnCallFound } from '../../src/process/outcomes.ts';
import { deployed, live, measured } from '../support/incidents.ts';
import { startTemporal } from '../support/temporal.ts';
import { Bed, type LiveIncident } from '../support/workflows.ts';

let temporal: Awaited<ReturnType<typeof startTemporal>>;
let bed: Bed;
let stop: () => Promise<void>;
const told: { subject: string; recipients: string[] }[] = [];

beforeAll(async () => {
  temporal = await startTemporal();
  bed = await Bed.at(temporal.server.address);
  stop = await bed.work({
    notify: async (notifications) => {
      told.push(...notifications);
      return { deliveries: [], onCall: [] };
    },
  });
});

afterAll(async () => {
  await stop();
  await bed.close();
  await temporal.stop();
});

/** A second queue with a world of its own. */
async function elsewhere<T>(
  activities: Parameters<Bed['work']>[0],
  story: (other: Bed) => Promise<T>,
): Promise<T> {
  const other = await Bed.at(temporal.server.address);
  const end = await other.work(activities);
  try {
    return await story(other);
  } finally {
    await end();
    await other.close();
  }
}

describe('whoever signals and is not known to be on call', () => {
  const terms = { rotas: { reviewer: ['primary'] }, onCall: ['primary'] };

  /** An incident in its review, with Ana on call as far as it knows. */
  async function reviewedByAna(other: Bed) {
    const incident = await (await other.open(terms)).toPhase('quickReview');
    await incident.untilHeldBy('ana');
    return incident;
  }
  const anaFirst = async (messages: { rotas?: object }[]) => ({
    deliveries: [],
    onCall: messages.some(({ rotas }) => rotas) ? [live('primary', 'ana')] : [],
  });
  const sent = async (incident: LiveIncident, by: string): Promise<string> => {
    const at = new Date().toISOString();
    await incident.send('sanityChecked', {}, { by, requestId: by, at });
    return at;
  };

  test('is accepted where the rota says so now, with the time of receipt', async () => {
    const asked: object[] = [];
    const findOnCall = async (rotas: object) => {
      asked.push(rotas);
      return [live('primary', 'ben')];
    };
    await elsewhere({ notify: anaFirst, findOnCall }, async (other) => {
      const incident = await reviewedByAna(other);
      const at = await sent(incident, 'ben');
      await incident.until('checked', ({ completed }) => completed.sanityChecked !== undefined);
      const { completed } = await incident.view();
      expect(completed.sanityChecked).toMatchObject({ by: 'ben', at });
      expect(asked).toEqual([{ primary: { people: ['ana'], asOf: expect.any(String) } }]);
      await incident.handle.terminate();
    });
  });

  test('is refused where it does not, or cannot be asked, and that is on the record', async () => {
    let isDown = false;
    const findOnCall = async () => {
      if (isDown) throw ApplicationFailure.nonRetryable('No worker can look it up.', 'Broken');
      return [live('primary', 'ana')];
    };
    await elsewhere({ notify: anaFirst, findOnCall }, async (other) => {
      const incident = await reviewedByAna(other);
      const refused = async () =>
        (await incident.events('signalRefused')).map(({ by, data }) => [by, data.code]);
      await sent(incident, 'ben');
      await expect.poll(refused).toEqual([['ben', 'not_your_role']]);
      isDown = true;
      await sent(incident, 'cy');
      await expect.poll(refused).toEqual([
        ['ben', 'not_your_role'],
        ['cy', 'not_your_role'],
      ]);
      expect((await incident.events('activityFailed')).map(({ data }) => data)).toEqual([
        { activity: 'findOnCall', reason: 'No worker can look it up.' },
      ]);
      await incident.handle.terminate();
    });
  });

  test('is on the record also where the incident ends before the rota has answered', async () => {
    let answer: (found: OnCallFound[]) => void = () => {};
    const findOnCall = () => new Promise<OnCallFound[]>((done) => (answer = done));
    await elsewhere({ notify: anaFirst, findOnCall }, async (other) => {
      const incident = await reviewedByAna(other);
      await sent(incident, 'ben');
      await expect
        .poll(async () => (await incident.handle.describe()).raw.pendingActivities?.length, {
          timeout: 20_000,
        })
        .toBe(1);
      await incident.send('incidentAborted');
      await incident.until('aborted', ({ status }) => status === 'aborted');
      answer([live('primary', 'ben')]);
      const { timeline } = (await incident.handle.result()) as HotfixResult;
      expect(timeline.find(({ requestId }) => requestId === 'ben')).toMatchObject({
        ...{ type: 'signalRefused', data: { code: 'incident_over' } },
      });
    });
  });
});

describe('the straight way', () => {
  test('goes through the phases to closed, and the result tells it all', async () => {
    const incident = await (await bed.open({ monitored: true })).toPhase('postMortem');
    const { incident: view, timeline } = await incident.finish();
    expect(view.status).toBe('closed');
    expect(view.checklist.every(({ done }) => done)).toBe(true);
    expect(timeline.map(({ type }) => type)).toContain('monitored');
    const filed = timeline.flatMap((event) =>
      event.type === 'followUpsFiled' ? event.data.tasks.map(({ kind }) => kind) : [],
    );
    expect(filed.sort()).toEqual(['improvement', 'prevention', 'properFix']);
  });

  test('takes at most 150 history events', async () => {
    const incident = await (await bed.open({ monitored: true })).toPhase('postMortem');
    await incident.finish();
    const { events } = await incident.handle.fetchHistory();
    expect(events?.length).toBeLessThanOrEqual(150);
  });

  test('tells each phase’s people that it is their turn', async () => {
    told.length = 0;
    const assignments = { reviewer: ['ana'], securityReviewer: ['bo'] };
    const incident = await (await bed.open({ assignments })).toPhase('quickReview');
    await expect
      .poll(() => told.find(({ subject }) => subject.startsWith('Quick review'))?.recipients)
      .toEqual(['ana', 'bo']);
    await incident.handle.terminate();
  });

  test('goes to staging first', async () => {
    const steps: string[] = [];
    await elsewhere(
      {
        deploy: async ({ environment, idempotencyKey }) => {
          steps.push(`${environment} ${idempotencyKey.split('-').slice(-3).join('-')}`);
          return deployed('succeeded');
        },
      },
      async (other) => {
        const incident = await (await other.open({ staging: true })).toPhase('deploy');
        await incident.say('deployAuthorized', { skipStaging: false });
        await incident.untilPhase('verify');
      },
    );
    expect(steps).toEqual(['staging deploy-staging-1', 'production deploy-production-1']);
  });
});

describe('the Temporal UI tells the story', () => {
  test('search attributes, memo, details and names follow the incident', async () => {
    const incident = await (await bed.open()).toPhase('quickReview');
    await expect
      .poll(async () => {
        const { typedSearchAttributes } = await incident.handle.describe();
        return Object.fromEntries(
          typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]),
        );
      })
      .toMatchObject({
        HotfixStatus: 'open',
        HotfixPhase: 'quickReview',
        HotfixService: 'shop',
        HotfixPriority: 'P1',
        HotfixWaitingFor: ['reviewer', 'securityReviewer'],
        HotfixDeclaredAt: expect.any(Date),
      });
    const { memo } = await incident.handle.describe();
    expect(memo?.incident).toMatchObject({ phase: 'quickReview' });
    const metadata = await incident.handle.query<{ currentDetails: string }>(
      '__temporal_workflow_metadata',
    );
    expect(metadata.currentDetails).toContain('**Quick review** · attempt 1 · open');
    expect(metadata.currentDetails).toContain('- **reviewer** (anybody): `sanityChecked`');
    const { events = [] } = await incident.handle.fetchHistory();
    const names = (events ?? []).flatMap(({ userMetadata }) =>
      userMetadata?.summary?.data ? [Buffer.from(userMetadata.summary.data).toString()] : [],
    );
    expect(names.join()).toContain('Quick review: then level 1, reviewers and incident manager');
    await incident.handle.terminate();
  });
});

describe('the ways back', () => {
  test('a rejection, a failed deploy and a failed verification each begin the next attempt', async () => {
    const deploys: string[] = [];
    await elsewhere(
      {
        deploy: async ({ attempt, ref }) => {
          deploys.push(`${attempt} ${ref}`);
          return deployed(attempt === 2 ? 'failed' : 'succeeded');
        },
      },
      async (other) => {
        const incident = await (await other.open({ rollback: true })).toPhase('quickReview');
        await incident.say('securityChecked', { verdict: 'rejected', note: 'an open door' });
        await incident.untilPhase('quickFix', 2);
        for (const attempt of [2, 3]) {
          await incident.send('fixReady', { ref: `v4${attempt}` });
          await incident.send('sanityChecked');
          await incident.send('securityChecked');
          await incident.send('deployAuthorized');
          if (attempt === 2) await incident.untilPhase('quickFix', 3);
        }
        await incident.untilPhase('verify', 3);
        await incident.say('systemVerified', { healthy: false });
        await incident.untilPhase('quickFix', 4);
        expect(await incident.events('rollbackFinished')).toHaveLength(1);
      },
    );
    expect(deploys).toEqual(['2 v42', '3 v43']);
  });

  test('an adapter that cannot leads back with its sentence, and the incident goes on', async () => {
    await elsewhere(
      {
        deploy: async () => {
          throw ApplicationFailure.nonRetryable('The token was refused: renew it.', 'Unauthorized');
        },
      },
      async (other) => {
        const incident = await (await other.open()).toPhase('deploy');
        await incident.say('deployAuthorized');
        await incident.untilPhase('quickFix', 2);
        const [deploy] = (await incident.view()).deploys;
        expect(deploy?.result?.summary).toBe('The token was refused: renew it.');
      },
    );
  });

  test('measurements that fail after the answers roll back', async () => {
    let measure = (): void => {};
    const answered = new Promise<void>((resolve) => {
      measure = resolve;
    });
    await elsewhere(
      {
        monitor: async () => {
          await answered;
          return measured('failed');
        },
      },
      async (other) => {
        const terms = { rollback: true, monitored: true };
        const incident = await (await other.open(terms)).toPhase('verify');
        await incident.say('systemVerified');
        await incident.say('quickVerified');
        measure();
        await incident.untilPhase('quickFix', 2);
        expect(await incident.events('rollbackFinished')).toHaveLength(1);
      },
    );
  });

  test('a monitoring that breaks is an error of its own, and people decide', async () => {
    await elsewhere(
      {
        monitor: async () => {
          throw ApplicationFailure.nonRetryable('Prometheus does not know this query.', 'BadQuery');
        },
      },
      async (other) => {
        const incident = await (await other.open({ monitored: true })).toPhase('verify');
        // An answer from before is asked for again.
        const { monitoring } = await incident.until('broken', ({ monitoring: known }) => !!known);
        expect(monitoring).toMatchObject({ outcome: 'error' });
        expect(monitoring?.measures[0]?.summary).toBe('Prometheus does not know this query.');
        for (const name of ['systemVerified', 'quickVerified'] as const) await incident.send(name);
        await incident.untilPhase('postMortem');
      },
    );
  });
});

describe('the ends', () => {
  test('not a P1 declines', async () => {
    const incident = await bed.open();
    await incident.send('priorityAssessed', { priority: 'P3' });
    const { incident: view } = (await incident.handle.result()) as HotfixResult;
    expect(view).toMatchObject({ status: 'declined' });
    expect(view.explanation).toContain('normal process');
  });

  test.each(['quickFix', 'quickReview', 'deploy', 'verify'] as const)(
    'abort in %s',
    async (phase) => {
      const incident = await (await bed.open()).toPhase(phase);
      await incident.send('incidentAborted');
      const { incident: view } = (await incident.handle.result()) as HotfixResult;
      expect(view).toMatchObject({ status: 'aborted', phase });
    },
  );

  test('abort in the declaration, and by a cancellation from Temporal', async () => {
    const [one, other] = [await bed.open(), await bed.open()];
    await one.send('incidentAborted');
    await other.view();
    await other.handle.cancel();
    for (const incident of [one, other]) {
      const { incident: view } = (await incident.handle.result()) as HotfixResult;
      expect(view.status).toBe('aborted');
    }
  });

  test('abort cancels a running deploy, waits for its end, and says what is not known', async () => {
    let isCancelled = false;
    await elsewhere(
      {
        deploy: async () => {
          const context = Context.current();
          const beat = setInterval(() => context.heartbeat(), 100);
          try {
            return await context.cancelled;
          } catch (error) {
            isCancelled = error instanceof CancelledFailure;
            throw error;
          } finally {
            clearInterval(beat);
          }
        },
      },
      async (other) => {
        const incident = await (await other.open()).toPhase('deploy');
        await incident.say('deployAuthorized');
        await incident.until('deploying', ({ deploys }) => deploys.length === 1);
        await incident.send('incidentAborted');
        const { incident: view } = (await incident.handle.result()) as HotfixResult;
        expect(view.deploys[0]?.result?.summary).toContain('look at production');
      },
    );
    expect(isCancelled).toBe(true);
  });

  test('the bypass deploys at once and owes its review', async () => {
    const incident = await (await bed.open()).toPhase('quickReview');
    await incident.say('reviewBypassed');
    for (const name of ['deployAuthorized'] as const) await incident.send(name);
    await incident.untilPhase('verify');
    await incident.send('systemVerified');
    await incident.send('quickVerified');
    await incident.untilPhase('postMortem');
    const finished = incident.finish();
    await incident.until('only the review is left', ({ waitingFor }) => waitingFor.length === 1);
    await incident.send('retrospectiveReviewed');
    expect((await finished).incident.status).toBe('closed');
  });
});

describe('bad input straight from a Temporal client', () => {
  test.each([
    ['no argument', 'fixReady', []],
    ['not an object', 'fixReady', ['v42']],
    ['null', 'fixReady', [null]],
    ['nobody', 'fixReady', [{ ref: 'v42', summary: 's', workaround: true }]],
    ['wrong types', 'fixReady', [{ by: 'x', ref: 42, summary: [], workaround: 'yes' }]],
    ['an unknown signal', 'fixReddy', [{ by: 'x' }]],
    ['the name of a built-in', 'constructor', [{ by: 'x' }]],
    ['a strange time', 'commented', [{ by: 'x', text: 't', at: 'yesterday' }]],
  ])('%s is recorded and refused, and the incident goes on', async (_, name, args) => {
    const incident = await (await bed.open()).toPhase('quickFix');
    await incident.handle.signal(name, ...args);
    const [refused] = await incident.events('signalRefused');
    expect(refused?.data).toMatchObject({ signal: name, code: 'malformed' });
    expect((await incident.say('fixReady')).verdict).toMatchObject({ accepted: true });
    await incident.handle.terminate();
  });

  test('the same requestId twice is applied once', async () => {
    const incident = await bed.open();
    const envelope = { requestId: 'one' };
    await incident.send('commented', {}, envelope);
    await incident.send('commented', { text: 'changed' }, envelope);
    expect(await incident.events('commented')).toHaveLength(1);
    await incident.handle.terminate();
  });

  test('an argument that is no incident fails with a sentence', async () => {
    const handle = await bed.client.workflow.start('hotfix', {
      workflowId: 'hotfix-nonsense',
      taskQueue: bed.queue,
      args: [{ title: 'x' }],
    });
    await expect(handle.result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('use POST /incidents') },
    });
  });
});

test('messages and deploys go before all else that waits for a worker', async () => {
  const incident = await (await bed.open()).toPhase('postMortem');
  await expect
    .poll(async () => (await incident.view()).followUps.length, { timeout: 20_000 })
    .toBeGreaterThan(0);
  const { events } = await incident.handle.fetchHistory();
  const priorities = (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled
        ? [`${scheduled.activityType?.name} ${scheduled.priority?.priorityKey ?? 'standard'}`]
        : [],
  );
  expect(new Set(priorities)).toEqual(new Set(['notify 1', 'deploy 1', 'fileFollowUps standard']));
  await incident.handle.terminate();
});
