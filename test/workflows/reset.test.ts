import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import proto from '@temporalio/proto';
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandConfigSchema, createCommandDeploy } from '../../src/activities/deploy/command.ts';
import { createActivities } from '../../src/activities/index.ts';
import { activityDeps, adapterDeps } from '../activities/support.ts';
import { resetWorkflow } from '../support/reset.ts';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';
import { Bed, LiveIncident } from '../support/workflows.ts';

const { EventType } = proto.temporal.api.enums.v1;

let temporal: TestTemporal;
let folder: string;

beforeAll(async () => {
  temporal = await startTemporal();
  folder = await mkdtemp(path.join(tmpdir(), 'hotfix-reset-'));
});
afterAll(async () => {
  await temporal.stop();
  await rm(folder, { recursive: true });
});

const reset = (incident: LiveIncident, to: Parameters<typeof resetWorkflow>[2]) =>
  resetWorkflow(temporal.server.address, incident.handle.workflowId, to);

async function eventsOf({ handle }: LiveIncident) {
  const { events } = await handle.fetchHistory();
  return (events ?? []).map((event) => ({ ...event, id: Number(event.eventId) }));
}

/** The last workflow task that was completed before something happened. */
async function taskBefore(
  incident: LiveIncident,
  isIt: (event: proto.temporal.api.history.v1.IHistoryEvent) => boolean,
): Promise<number> {
  const events = await eventsOf(incident);
  const end = events.findIndex(isIt);
  const task = events
    .slice(0, end)
    .findLast(({ eventType }) => eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
  if (end < 0 || !task) throw new Error('there is no such event');
  return task.id;
}

describe('a reset to before the deploy', () => {
  let bed: Bed;
  let stop: () => Promise<void>;

  /** A program that leaves a line each time it is run. */
  const log = () => path.join(folder, 'deploys.log');
  const deploys = async () => (await readFile(log(), 'utf8')).trim().split('\n');

  beforeAll(async () => {
    bed = await Bed.at(temporal.server.address);
    const command = ['sh', '-c', `echo "$HOTFIX_REF" >> ${log()}`];
    const config = commandConfigSchema.parse({ adapter: 'command', command });
    const adapter = createCommandDeploy(config, adapterDeps({ dataDirectory: folder }));
    const { deploy, rollback } = createActivities(activityDeps(adapter));
    stop = await bed.work({ deploy, rollback });
  });
  afterAll(async () => {
    await stop();
    await bed.close();
  });

  test('deploys nothing again, and forgets no completion', async () => {
    const incident = await bed.open();
    await incident.toPhase('verify');
    expect(await deploys()).toEqual(['v42']);
    await incident.say('systemVerified');
    const before = await incident.timeline();
    const isDeploy = ({
      activityTaskScheduledEventAttributes: scheduled,
    }: proto.temporal.api.history.v1.IHistoryEvent) => scheduled?.activityType?.name === 'deploy';
    await reset(incident, await taskBefore(incident, isDeploy));

    await incident.untilPhase('verify');
    expect(await deploys()).toEqual(['v42']);
    const after = await incident.timeline();
    const said = (timeline: typeof after) =>
      timeline
        .filter(({ requestId }) => requestId !== undefined)
        .map((event) => (event.type === 'signalRefused' ? event.data.signal : event.type))
        .sort();
    expect(said(after)).toEqual(said(before));
    // It came before the deploy had ended, as the new run has it.
    expect(after).toContainEqual(
      expect.objectContaining({
        type: 'signalRefused',
        data: expect.objectContaining({ signal: 'systemVerified', code: 'wrong_phase' }),
      }),
    );
    for (const name of ['systemVerified', 'quickVerified'] as const) await incident.say(name);
    await incident.untilPhase('postMortem');
    const goingOn = bed.client.workflow.getHandle(incident.handle.workflowId);
    const { incident: end } = await new LiveIncident(bed.client, goingOn).finish();
    expect(end.status).toBe('closed');
  });
});

describe('an incident that cannot be replayed', () => {
  let otherCode: WorkflowBundle;

  beforeAll(async () => {
    const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
    otherCode = await bundleWorkflowCode({
      workflowsPath: file('../support/otherHotfix.ts'),
      bundlerOptions: { preloadModules: [file('../../src/process/zod.ts')] },
    } as never);
  });

  test('goes on after a reset to the task before the event that the failure names', async () => {
    const bed = await Bed.at(temporal.server.address);
    const stopOther = await bed.work({}, { workflowBundle: otherCode });
    const incident = await bed.open();
    await incident.toPhase('quickReview');
    await incident.say('sanityChecked');
    await stopOther();

    const stop = await bed.work();
    await incident.send('securityChecked');
    const failure = await failureOf(incident);
    expect(failure).toMatch(/nondeterminism|Nondeterminism/i);
    const isOdd = ({
      timerStartedEventAttributes: timer,
    }: proto.temporal.api.history.v1.IHistoryEvent) =>
      Number(timer?.startToFireTimeout?.seconds) === 86_400;
    await reset(incident, await taskBefore(incident, isOdd));
    await incident.untilPhase('deploy');
    expect(await incident.events('sanityChecked')).toHaveLength(1);
    expect(await incident.events('securityChecked')).toHaveLength(1);
    await stop();
    await bed.close();
  });
});

async function failureOf(incident: LiveIncident): Promise<string> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const failed = (await eventsOf(incident)).findLast(
      ({ workflowTaskFailedEventAttributes: one }) => one,
    )?.workflowTaskFailedEventAttributes;
    if (failed) return failed.failure?.message ?? '';
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('its workflow task never failed');
}
