import { setTimeout as sleep } from 'node:timers/promises';
import { evidence, lines } from '../../examples/demo/cast.ts';
import type { IncidentRequest, Status } from '../../src/process/events.ts';
import type { Phase } from '../../src/process/phases.ts';
import type { SignalName } from '../../src/process/signals.ts';
import type { IncidentView } from '../../src/process/view.ts';
import type { Api } from './api.ts';
import { callAll } from './callers.ts';
import { services } from './stand.ts';

/** An incident as a monitoring tool reports it, of a service that is connected to nothing. */
export const request: IncidentRequest = { title: 'The checkout is down', service: services.manual };

/** The same, declared by its caller at once. */
export const declared: IncidentRequest = { ...request, declaration: lines.declaration };

/** Starts incidents through the API, and tells their ids. */
export async function startIncidents(
  api: Api,
  requests: IncidentRequest[],
  callers: number,
): Promise<string[]> {
  const ids: string[] = [];
  await callAll(requests, callers, async (one) => ids.push((await api.start(one)).id));
  return ids;
}

/** The straight way: what is signalled in which phase, each role under its own name. */
export const steps: [Phase, SignalName, object][] = [
  ['declaration', 'incidentDeclared', lines.declaration],
  ['declaration', 'priorityAssessed', lines.priorityAssessed],
  ['quickFix', 'fixReady', lines.fixReady],
  ['quickReview', 'sanityChecked', lines.sanityChecked],
  ['quickReview', 'securityChecked', lines.securityChecked],
  ['deploy', 'deployAuthorized', lines.deployAuthorized],
  ['verify', 'systemVerified', lines.systemVerified],
  ['verify', 'quickVerified', lines.quickVerified],
  ['postMortem', 'incidentReviewed', lines.incidentReviewed],
  ['postMortem', 'preventionPlanned', lines.preventionPlanned],
  ...Object.entries(evidence).map(([item, link]): [Phase, SignalName, object] => [
    'postMortem',
    'checklistItemDone',
    { item, evidence: link },
  ]),
];

/** How many signals the straight way has. */
export const straightSignals = steps.length;

/**
 * Takes an incident from its declaration to the last item of its checklist, and tells its id.
 * @param think what passes before each signal is sent; without, it is sent as soon as it can be.
 */
export async function straightIncident(
  api: Api,
  service: string,
  think: (id: string) => Promise<unknown> = async () => {},
): Promise<string> {
  const { id } = await api.start({ ...request, service });
  for (const [phase, signal, body] of steps) {
    await until(api, id, (incident) => incident.phase === phase);
    await think(id);
    await api.signal(id, signal, body);
  }
  await until(api, id, ({ status }) => status === ('closed' satisfies Status));
  return id;
}

/** Between two looks, and how many there are at most: a minute. */
const pause = 20;
const looks = 3_000;

/** Waits for what the machinery does between the signals: the deploy, the measurement, the filing. */
async function until(api: Api, id: string, isSo: (incident: IncidentView) => boolean) {
  for (let look = 0; look < looks; look += 1) {
    if (isSo(await api.read(id))) return;
    await sleep(pause);
  }
  throw new Error(`The incident ${id} did not get on within a minute.`);
}
