import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import type { DeployAdapter } from '../../../src/activities/deploy/types.ts';
import { permanent, transient } from '../../../src/activities/failures.ts';
import { activitiesWith, deployStep } from '../support.ts';

/*
 * What a step says that fails before it has a run to follow: that nothing was begun, or that something
 * may have been. The first may be authorized again, of the second the deployer is asked.
 */

const refused = permanent('Unauthorized', 'The deploy system refuses the token.');
const broken = transient('Unreachable', 'The deploy system answered 500.');
const closed = transient('Unreachable', 'Nobody listens.', undefined, 'ECONNREFUSED');
const garbled = permanent('BadAnswer', 'The deploy system answered with a page.');

const throws = (error: Error) => async () => {
  throw error;
};

const good: DeployAdapter = {
  name: 'good',
  find: async () => undefined,
  start: async () => ({ id: '1', startedAt: '2026-01-01T00:00:00.000Z' }),
  follow: async () => ({ outcome: 'succeeded', summary: '', output: '', finishedAt: '' }),
};

/** Runs a step and answers the failure, and what its heartbeats leave to the next attempt. */
async function failing(
  change: Partial<DeployAdapter>,
  info: { attempt?: number; heartbeatDetails?: unknown } = {},
) {
  const environment = new MockActivityEnvironment(info);
  const left: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => left.push(details));
  const { find: _, ...blind } = good;
  const base = 'find' in change && change.find === undefined ? blind : good;
  const { find, ...rest } = change;
  const adapter: DeployAdapter = { ...base, ...rest, ...(find && { find }) };
  const { deploy } = activitiesWith({ deploy: adapter });
  const error = await environment.run(deploy, deployStep()).then(
    () => undefined,
    (thrown: { type: string; nonRetryable: boolean; details?: unknown[] }) => thrown,
  );
  return { ...pick(error), left: left.at(-1) };
}

const pick = (error?: { type: string; nonRetryable: boolean; details?: unknown[] }) => ({
  type: error?.type,
  isFinal: error?.nonRetryable,
  facts: error?.details?.[0],
});

const untouched = { untouched: true };
const leftUntouched = (attempt: number) => ({ untouched: true, attempt });

test.each([
  ['looking for it is refused', { find: throws(refused) }, 'Unauthorized', true],
  ['looking for it fails', { find: throws(broken) }, 'Unreachable', false],
  ['what is live cannot be told', { live: throws(refused) }, 'Unauthorized', true],
  ['beginning it is refused', { start: throws(refused) }, 'Unauthorized', true],
  ['nobody takes the request', { start: throws(closed) }, 'Unreachable', false],
])('nothing was begun where %s', async (_, adapter, type, isFinal) => {
  const found = await failing(adapter);
  expect(found).toMatchObject({ type, isFinal, facts: untouched, left: leftUntouched(1) });
});

test.each([
  ['beginning it is answered by 500', { start: throws(broken) }, 1],
  ['beginning it is answered by a page', { start: throws(garbled) }, 1],
  [
    'an earlier attempt may have begun it, and looking for it is refused',
    { find: throws(refused) },
    2,
  ],
  [
    'an earlier attempt may have begun it, and it is refused by a system that cannot find it',
    { find: undefined, start: throws(refused) },
    2,
  ],
])('it may have been begun where %s, and it is tried again', async (_, adapter, attempt) => {
  const found = await failing(adapter, { attempt });
  expect(found).toMatchObject({ type: 'OutcomeUnknown', isFinal: false });
  expect(found.facts).not.toMatchObject(untouched);
});

test('an earlier attempt that began nothing says so to the next, and to no later one', async () => {
  const find = throws(refused);
  const next = await failing({ find }, { attempt: 2, heartbeatDetails: leftUntouched(1) });
  expect(next).toMatchObject({ type: 'Unauthorized', facts: untouched, left: leftUntouched(2) });
  const later = await failing({ find }, { attempt: 3, heartbeatDetails: leftUntouched(1) });
  expect(later).toMatchObject({ type: 'OutcomeUnknown', isFinal: false });
});

test('a system that finds nothing of an earlier attempt is believed', async () => {
  const found = await failing({ start: throws(refused) }, { attempt: 2 });
  expect(found).toMatchObject({ type: 'Unauthorized', isFinal: true, facts: untouched });
});

test('a run that is followed no further says what was begun, and what was live before', async () => {
  const before = { version: 'v1', restore: { revision: '7' } };
  const found = await failing({
    live: async () => before,
    follow: throws(permanent('TimedOut', 'It takes too long.')),
  });
  const run = { adapter: 'good', startedAt: '2026-01-01T00:00:00.000Z', before };
  expect(found).toMatchObject({ type: 'TimedOut', isFinal: true, facts: { run } });
});
