import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { Payload } from '@temporalio/common';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { taskQueue, workflowIdOf, workflowType } from '../../src/process/contract.ts';
import { signalNames } from '../../src/process/signals.ts';
import { opening } from '../support/incidents.ts';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';
import { Bed, type LiveIncident } from '../support/workflows.ts';

/* What nobody should send, but anybody with access to Temporal can: recorded and refused, never fatal. */

let temporal: TestTemporal;
let bed: Bed;
let stop: () => Promise<void>;

beforeAll(async () => {
  temporal = await startTemporal();
  bed = await Bed.at(temporal.server.address, `${taskQueue}-${randomUUID()}`);
  stop = await bed.work();
});

afterAll(async () => {
  await stop();
  await bed.close();
  await temporal.stop();
});

const text = (value: string) => new TextEncoder().encode(value);

const payload = (encoding: string | null, data: Uint8Array | string): Payload => ({
  metadata: encoding === null ? {} : { encoding: text(encoding) },
  data: typeof data === 'string' ? text(data) : data,
});

const nested = (depth: number, open: string, close: string) =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;

const hostileJson = [
  '',
  '{',
  'null',
  '"text"',
  '[]',
  '[[1]]',
  '7',
  'NaN',
  '{"by":"x","length":{"toString":1}}',
  '{"by":{"length":{"toString":1}}}',
  '{"by":"x","text":{"length":{"toString":1,"valueOf":2}}}',
  '{"by":"x","toString":1,"toJSON":2,"then":3}',
  '{"__proto__":{"by":"x"},"constructor":{"prototype":1}}',
  '{"by":"x","at":"9999-99-99T99:99:99Z"}',
  '{"by":"x","during":{"phase":"quickFix","attempt":1e400}}',
  nested(100_000, '[', ']'),
  nested(100_000, '{"a":', '}'),
  `{"by":"x","${'k'.repeat(100_000)}":1}`,
  `{"by":"x","text":"${'急'.repeat(200_000)}"}`,
];

const json = fc.oneof(fc.constantFrom(...hostileJson), fc.json());

const anyPayload: fc.Arbitrary<Payload> = fc
  .tuple(
    fc.constantFrom(
      ...['json/plain', 'json/protobuf', 'binary/encrypted', 'binary/plain', 'binary/null'],
      ...['binary/protobuf', 'json/plain;v=2', '', null],
    ),
    fc.oneof({ weight: 4, arbitrary: json }, fc.uint8Array({ maxLength: 50 })),
  )
  .map(([encoding, data]) => payload(encoding, data));

const anyName = fc.oneof(
  fc.constantFrom(...signalNames, 'deployQueueChanged'),
  fc.constantFrom(
    ...['__temporal_signal', '__temporal_', '__stack_trace', '__enhanced_stack_trace'],
    ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', ' ', '急'.repeat(300)],
  ),
  fc.string({ minLength: 1, maxLength: 30 }),
);

const anyMessage = fc.record({
  kind: fc.constantFrom('signal' as const, 'update' as const, 'query' as const),
  name: anyName,
  payloads: fc.array(anyPayload, { maxLength: 3 }),
});
type AnyMessage = typeof anyMessage extends fc.Arbitrary<infer T> ? T : never;

/** Sends it past the SDK, which would encode it well. What the server refuses itself is no matter. */
async function send(workflowId: string, { kind, name, payloads }: AnyMessage): Promise<void> {
  const service = temporal.connection.workflowService;
  const to = { namespace: 'default', workflowExecution: { workflowId } };
  const args = { payloads };
  const call = {
    signal: () => service.signalWorkflowExecution({ ...to, signalName: name, input: args }),
    update: () =>
      service.updateWorkflowExecution({
        ...to,
        request: { meta: { updateId: randomUUID() }, input: { name, args } },
        waitPolicy: { lifecycleStage: 2 },
      }),
    query: () =>
      service.queryWorkflow({
        namespace: 'default',
        execution: { workflowId },
        query: { queryType: name, queryArgs: args },
      }),
  }[kind];
  await temporal.connection.withDeadline(Date.now() + 10_000, call).catch(() => {});
}

/** Its task neither fails nor waits: an answer still comes, and the history has no failed task. */
async function expectWell(incident: LiveIncident): Promise<void> {
  const { verdict } = await incident.say('commented', { text: 'Still there?' });
  expect(verdict).toMatchObject({ accepted: true, signal: 'commented' });
  const { events } = await incident.handle.fetchHistory();
  const failed = (events ?? []).flatMap((event) => event.workflowTaskFailedEventAttributes ?? []);
  expect(failed.map(({ failure }) => failure?.message)).toEqual([]);
}

test('any message, however it is encoded and named', async () => {
  const incident = await (await bed.open()).toPhase('quickFix');
  await fc.assert(
    fc.asyncProperty(fc.array(anyMessage, { minLength: 1, maxLength: 12 }), async (messages) => {
      for (const message of messages) await send(incident.handle.workflowId, message);
      await expectWell(incident);
    }),
    { numRuns: 25 },
  );
  await incident.handle.terminate();
});

describe('each kind that was fatal', () => {
  const cases: [string, string, Payload[]][] = [
    ['an unknown encoding', 'commented', [payload('binary/encrypted', 'x')]],
    ['no encoding', 'commented', [payload(null, '{"by":"x","text":"y"}')]],
    ['nothing at all', 'commented', []],
    ['empty JSON', 'commented', [payload('json/plain', '')]],
    ['broken JSON', 'commented', [payload('json/plain', '{"by":')]],
    ['JSON nested without end', 'commented', [payload('json/plain', nested(100_000, '[', ']'))]],
    [
      'a hostile length',
      'commented',
      [payload('json/plain', '{"by":"x","text":{"length":{"toString":1}}}')],
    ],
    ['a reserved name', '__temporal_signal', [payload('json/plain', '{"by":"x"}')]],
    ['bytes', 'commented', [payload('binary/plain', new Uint8Array(1_000))]],
  ];

  test.each(cases)('%s is recorded and refused', async (_, name, payloads) => {
    const incident = await bed.open();
    await send(incident.handle.workflowId, { kind: 'signal', name, payloads });
    await expectWell(incident);
    const [refused] = await incident.events('signalRefused');
    expect(refused?.data).toMatchObject({ code: 'malformed', reason: expect.any(String) });
    await incident.handle.terminate();
  });

  test('plain JSON that Temporal’s UI calls json/protobuf is a signal like any other', async () => {
    const incident = await bed.open();
    const said = payload('json/protobuf', '{"by":"inci","text":"From the UI"}');
    await send(incident.handle.workflowId, { kind: 'signal', name: 'commented', payloads: [said] });
    await expectWell(incident);
    expect((await incident.events('commented'))[0]?.data.text).toBe('From the UI');
    await incident.handle.terminate();
  });
});

describe('a start that is none', () => {
  const { terms: _, ...withoutTerms } = opening();
  const event = { seq: 1, at: new Date().toISOString(), by: 'x', type: 'incidentOpened' };
  test.each<[string, unknown[]]>([
    ['nothing', []],
    ['null', [null]],
    ['text', ['text']],
    ['a list', [[1]]],
    ['an empty object', [{}]],
    ['a timeline that is none', [{ timeline: 7 }]],
    ['an empty timeline', [{ timeline: [] }]],
    ['a timeline of something else', [{ timeline: [null, 1, {}] }]],
    ['a timeline without terms', [{ timeline: [{ ...event, data: withoutTerms }] }]],
    ['a hostile length', [{ ...opening(), id: { length: { toString: 1 } } }]],
  ])('%s ends at once, with what is wrong', async (_name, args) => {
    const handle = await bed.client.workflow.start(workflowType, {
      workflowId: workflowIdOf(randomUUID()),
      taskQueue: bed.queue,
      args,
    });
    await expect(handle.result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('not how an incident begins'), type: 'BadOpening' },
    });
  });

  test('one that cannot be read ends too', async () => {
    const workflowId = workflowIdOf(randomUUID());
    await temporal.connection.workflowService.startWorkflowExecution({
      namespace: 'default',
      workflowId,
      workflowType: { name: workflowType },
      taskQueue: { name: bed.queue },
      input: { payloads: [payload('binary/encrypted', 'x')] },
      memo: { fields: { incident: payload('binary/encrypted', 'x') } },
      requestId: randomUUID(),
    });
    await expect(bed.client.workflow.getHandle(workflowId).result()).rejects.toThrow();
  });

  test('an opening without terms takes the defaults', async () => {
    const id = randomUUID();
    const handle = await bed.client.workflow.start(workflowType, {
      workflowId: workflowIdOf(id),
      taskQueue: bed.queue,
      args: [{ ...withoutTerms, id }],
    });
    await expect.poll(() => handle.query('incident')).toMatchObject({ phase: 'declaration' });
    await handle.terminate();
  });
});

test.each([[null], [7], [{ deliveries: 1 }], [{ deliveries: [null], onCall: [] }]])(
  'an activity that somebody completes by hand with %j has failed, and the incident goes on',
  async (result) => {
    const other = await Bed.at(temporal.server.address);
    const end = await other.work({ notify: () => Context.current().cancelled });
    const incident = await other.open();
    const pending = async () => (await incident.handle.describe()).raw.pendingActivities ?? [];
    await expect.poll(pending, { timeout: 20_000 }).not.toEqual([]);
    const [activity] = await pending();
    await bed.client.activity.complete(
      { workflowId: incident.handle.workflowId, activityId: activity?.activityId ?? '' },
      result,
    );
    await expectWell(incident);
    const [failed] = await incident.events('activityFailed');
    expect(failed?.data.reason).toContain('no result of it');
    await incident.handle.terminate();
    await end();
    await other.close();
  },
);
