import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { lockMessages, lockWorkflowIdOf, lockWorkflowType } from '../../src/process/contract.ts';
import { freeLock } from '../../src/process/lock.ts';
import { LiveLock } from '../support/lock.ts';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';
import { Bed, type LiveIncident } from '../support/workflows.ts';

let temporal: TestTemporal;
let bed: Bed;
let stop: () => Promise<void>;
let incident: LiveIncident;
let lock: LiveLock;

beforeAll(async () => {
  temporal = await startTemporal({
    arguments: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=150'],
  });
  bed = await Bed.at(temporal.server.address);
  stop = await bed.work();
  incident = await bed.open();
});

afterAll(async () => {
  await stop();
  await bed.close();
  await temporal.stop();
});

beforeEach(() => {
  lock = new LiveLock(bed, `shop-${randomUUID()}`);
});

const deep = (levels: number): unknown =>
  Array.from({ length: levels }).reduce<unknown>((inner) => ({ inner }), 1);

/** What a reader who trusts it would stumble over. */
const hostile: fc.Arbitrary<unknown> = fc.constantFrom(
  ...[undefined, null, 0, '', 'text', [], {}, [[]], true],
  ...[{ length: { toString: 1 } }, { toString: 1 }, { valueOf: null, toString: null }],
  ...[{ constructor: 1 }, deep(1_000)],
);

const value = fc.oneof(hostile, fc.jsonValue({ maxDepth: 3 }));

/** A good body of which something is another, is missing, or is too much. */
const nearly = (good: Record<string, unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(fc.constantFrom(...Object.keys(good), 'more', '__proto__'), value)
    .map(([name, other]) => JSON.parse(JSON.stringify({ ...good, [name]: other ?? null })));

const names = fc.oneof(
  fc.constantFrom(...Object.values(lockMessages), 'incident', '__proto__', 'constructor', ''),
  fc.string({ maxLength: 20 }),
);

type Message = { how: 'signal' | 'update' | 'query'; name: string; args: unknown[] };

/** What anybody may send, but for what is well formed and of this lock. */
function messageTo(asked: LiveLock): fc.Arbitrary<Message> {
  const request = { ...asked.request('one', incident) };
  const other = value.filter((one) => one !== 'one');
  const args = fc.oneof(
    fc.array(other, { maxLength: 3 }),
    nearly({ ...request, service: 'other' }).map((one) => [one]),
    nearly({ key: 'nobody', changed: 'yes' }).map((one) => [one]),
  );
  return fc.record({ how: fc.constantFrom('signal', 'update', 'query'), name: names, args });
}

async function send({ how, name, args }: Message): Promise<void> {
  const { handle } = lock;
  const sending = {
    signal: () => handle.signal<unknown[]>(name, ...args),
    query: () => handle.query<unknown, unknown[]>(name, ...args),
    update: () => handle.executeUpdate(name, { args: args as [unknown] }),
  };
  // Being refused is well; to go on as before is what is asked of the lock.
  await sending[how]().catch(() => undefined);
}

test('whatever it is sent, a lock goes on, and its holder holds it', async () => {
  await lock.acquire('one', incident);
  await fc.assert(
    fc.asyncProperty(
      fc.array(messageTo(lock), { minLength: 1, maxLength: 5 }),
      async (messages) => {
        await Promise.all(messages.map(send));
        await lock.isWell();
        expect(await lock.standing('one')).toEqual({ place: 'granted' });
      },
    ),
    { numRuns: 12, endOnFailure: true },
  );
  expect(await lock.acquire('two', incident)).toEqual({ place: 'waiting' });
  await lock.isWell();
}, 180_000);

test('a flood of messages leaves room: held or free, it goes on in a new history', async () => {
  await lock.acquire('one', incident);
  await lock.acquire('two', await bed.open());
  const first = (await lock.handle.describe()).runId;
  for (let wave = 0; wave < 5; wave += 1) {
    await Promise.all(Array.from({ length: 60 }, () => lock.handle.signal('release', wave)));
    await lock.isWell();
  }
  const isAnew = async () => (await lock.handle.describe()).runId !== first;
  await expect.poll(isAnew, { timeout: 20_000 }).toBe(true);
  expect(await lock.standing('one')).toEqual({ place: 'granted' });
  expect(await lock.standing('two')).toEqual({ place: 'waiting' });
  await lock.release('one', true);
  await lock.until('two', 'overtaken');
});

test('an update that is not understood is refused, with what it is', async () => {
  await lock.acquire('one', incident);
  for (const asked of [
    undefined,
    null,
    'one',
    { ...lock.request('two', incident), service: 'x' },
  ]) {
    await expect(
      lock.handle.executeUpdate(lockMessages.acquire, { args: [asked] }),
    ).rejects.toMatchObject({
      cause: { type: 'BadRequest', message: expect.stringContaining('not a request for the lock') },
    });
  }
  expect(await lock.handle.query(lockMessages.standing)).toBeNull();
  expect(await lock.handle.query(lockMessages.standing, { toString: 1 })).toBeNull();
});

test('what is not a lock does not begin one, and ends at once', async () => {
  const { handle } = lock;
  const service = handle.workflowId.replace('hotfix-lock-', '').replace('-production', '');
  const good = freeLock({ service, environment: 'production' });
  const bad: unknown[] = [
    ...[undefined, null, 'text', [], {}, { length: { toString: 1 } }, deep(1_000)],
    ...[
      { ...good, queue: [7] },
      { ...good, service: 'other' },
      { ...good, holder: 'one' },
    ],
  ];
  for (const argument of bad) {
    const begun = await bed.client.workflow.start(lockWorkflowType, {
      ...{ workflowId: handle.workflowId, taskQueue: bed.queue, args: [argument] },
    });
    await expect(begun.result()).rejects.toMatchObject({ cause: { type: 'BadOpening' } });
  }
  // Whoever deploys then gets their lock all the same.
  expect(await lock.acquire('one', incident)).toEqual({ place: 'granted' });
}, 60_000);

test('a lock of the version before is carried on', async () => {
  const workflowId = lockWorkflowIdOf('old', 'production');
  const party = { incidentId: 'a', ref: 'v1', since: new Date().toISOString() };
  const before = {
    ...{ service: 'old', environment: 'production', overtaken: [], lastDeploy: null },
    holder: { ...party, key: 'one', workflowId: incident.handle.workflowId },
    queue: [{ ...party, key: 'two', workflowId: incident.handle.workflowId }],
  };
  const args = [before];
  await bed.client.workflow.start(lockWorkflowType, { workflowId, taskQueue: bed.queue, args });
  const old = new LiveLock(bed, 'old');
  await old.until('one', 'granted');
  await old.release('one', false);
  await old.until('two', 'granted');
});
