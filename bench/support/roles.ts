import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { lines } from '../../examples/demo/cast.ts';
import { queries } from '../../src/process/contract.ts';
import { handle, type Message, open } from '../../src/process/decide.ts';
import type { IncidentEvent, Opening } from '../../src/process/events.ts';
import { type Phase, phases, roleOf, roles } from '../../src/process/phases.ts';
import { isCompletion, parseSignal, type SignalName } from '../../src/process/signals.ts';
import type { IncidentView } from '../../src/process/view.ts';
import { steps } from './incidents.ts';

const actorOf = (name: SignalName): string =>
  roles[isCompletion(name) ? roleOf(name) : 'processImprover'].defaultActor;

/** Sends a signal by the SDK's own client, as whoever holds the role. */
export const say = (handle: WorkflowHandle, name: SignalName, body: object): Promise<void> =>
  handle.signal(name, { ...body, by: actorOf(name) });

/** Between two looks, in milliseconds, and how many there are at most: a minute. */
const pause = 20;
const looks = 3_000;

/** Waits until the incident's machinery has nothing to do, besides the activities that may go on. */
export async function rest(handle: WorkflowHandle, besides: string[] = []): Promise<void> {
  for (let look = 0; look < looks; look += 1) {
    const { raw } = await handle.describe();
    const busy = (raw.pendingActivities ?? []).filter(
      ({ activityType }) => !besides.includes(activityType?.name ?? ''),
    );
    if (busy.length === 0 && !raw.pendingWorkflowTask) return;
    await sleep(pause);
  }
  throw new Error(`${handle.workflowId} did not come to rest within a minute.`);
}

/** The signals of the straight way before a phase. */
export const stepsBefore = (end: Phase) =>
  steps.filter(([phase]) => phases.indexOf(phase) < phases.indexOf(end));

/**
 * Takes an incident to its end by people who take their time: each signals once the machinery has
 * nothing to do but to measure.
 */
export async function playStraight(handle: WorkflowHandle): Promise<void> {
  for (const [phase, name, body] of steps) {
    await untilIn(phase, handle);
    await rest(handle, ['monitor']);
    await say(handle, name, body);
  }
}

async function untilIn(phase: Phase, handle: WorkflowHandle): Promise<void> {
  for (let look = 0; look < looks; look += 1) {
    if ((await handle.query<IncidentView>(queries.incident)).phase === phase) return;
    await sleep(pause);
  }
  throw new Error(`${handle.workflowId} did not come to ${phase} within a minute.`);
}

/** The timeline of an incident that came to the phase at `at`, by the straight way and without staging. */
export function timelineAt(end: Phase, opening: Opening, at: string): IncidentEvent[] {
  let incident = open(opening, at);
  for (const [, name, body] of stepsBefore(end)) {
    const argument = { ...body, by: actorOf(name) };
    const parsed = parseSignal(name, argument, { at, requestId: `${opening.id}-${name}` });
    const messages: Message[] = [{ kind: 'signal', name, parsed, argument }];
    if (name === 'deployAuthorized') messages.push(...deployed(at));
    for (const message of messages) incident = handle(incident, message, at);
  }
  return incident.timeline;
}

function deployed(at: string): Message[] {
  const deploy = { environment: 'production', ref: lines.fixReady.ref } as const;
  const summary = `${deploy.ref} was deployed.`;
  const result = { outcome: 'succeeded', adapter: 'manual', summary, output: '' } as const;
  return [
    { kind: 'deployStarted', ...deploy },
    { kind: 'deployFinished', ...deploy, result: { ...result, startedAt: at, finishedAt: at } },
  ];
}
