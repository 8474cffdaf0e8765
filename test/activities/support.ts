import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { systemClock } from '../../src/activities/clock.ts';
import type { DeployLock } from '../../src/activities/deploy/lock.ts';
import { createManualDeploy } from '../../src/activities/deploy/manual.ts';
import type { DeployAdapter } from '../../src/activities/deploy/types.ts';
import type { AdapterDeps } from '../../src/activities/deps.ts';
import { type ActivityDeps, createActivities } from '../../src/activities/index.ts';
import { createIncidentTracker } from '../../src/activities/tracker/incident.ts';
import type { DeployStep, HotfixActivities } from '../../src/activities/types.ts';

export const webhookSecret = `whsec_${Buffer.from('a secret for the tests of it').toString('base64')}`;

const secrets: Record<string, string> = {
  TEST_WEBHOOK: webhookSecret,
  TEST_TOKEN: 'token-of-a-test',
};

export const silent = pino({ level: 'silent' });

export function adapterDeps(change: Partial<AdapterDeps> = {}): AdapterDeps {
  return {
    ...systemClock,
    environment: process.env,
    dataDirectory: '/nowhere',
    secret: (name) => {
      const value = secrets[name];
      if (value === undefined) throw new Error(`${name} is not set.`);
      return value;
    },
    ...change,
  };
}

/** What activities need, with one adapter for all services. */
export function activityDeps(
  deploy: DeployAdapter = createManualDeploy({ adapter: 'manual' }, systemClock),
): ActivityDeps {
  return {
    services: () => ({ deploy, rollback: deploy, monitoring: { soak: 0, measures: [] } }),
    channels: [],
    recipientOf: async (name) => ({ id: name, name, contacts: {} }),
    onCall: { find: async () => [] },
    rotasOf: () => [],
    tracker: createIncidentTracker({ adapter: 'incident' }),
    logger: silent,
    now: systemClock.now,
  };
}

/** Activities whose lock is always free, so that nobody is overtaken. */
export const unlocked = (deps: ActivityDeps) =>
  createActivities({ ...deps, lock: freeLock }) as Omit<HotfixActivities, 'deploy'> & {
    deploy: HotfixActivities['rollback'];
  };

export const activitiesWith = ({
  deploy,
  ...change
}: Partial<ActivityDeps> & { deploy?: DeployAdapter } = {}) =>
  unlocked({ ...activityDeps(deploy), ...change });

/** The lock has tests of its own, on a real server. */
export const freeLock: DeployLock = {
  acquire: async () => ({ place: 'granted' }),
  release: async () => {},
  giveUp: async () => {},
};

export function deployStep(change: Partial<DeployStep> = {}): DeployStep {
  return {
    incidentId: 'INC-1',
    title: 'Checkout is down',
    service: 'shop',
    environment: 'production',
    attempt: 1,
    ref: 'v2',
    idempotencyKey: 'hotfix-INC-1/deploy/production/1',
    ...change,
  };
}

/** An activity's environment that keeps the last heartbeat, as the server would for a retry. */
export function activityEnvironment(
  heartbeatDetails?: unknown,
  attempt = 1,
  currentAttemptScheduledTimestampMs = Date.now(),
) {
  const environment = new MockActivityEnvironment(
    { heartbeatDetails, attempt, heartbeatTimeoutMs: 3_000, currentAttemptScheduledTimestampMs },
    { logger: new DefaultLogger('ERROR') },
  );
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => {
    beats.push(JSON.parse(JSON.stringify(details ?? null)));
  });
  const execute = <A, R>(activity: (argument: A) => Promise<R>, argument: A): Promise<R> =>
    environment.run<[A], R, typeof activity>(activity, argument);
  return { environment, execute, beats, last: () => beats.at(-1) };
}
