import { type Draft, type IncidentEvent, self } from './events.ts';
import type { Delivery, OnCallFound, RotasToAsk } from './outcomes.ts';
import type { Role } from './phases.ts';
import { type OnCallRecord, onCallOf, rotasOf, type State } from './state.ts';
import { waitingFor } from './waiting.ts';

/** Rotas to ask, with what the incident knows of each. */
export const toAsk = (state: State, rotas: readonly string[]): RotasToAsk =>
  Object.fromEntries(rotas.map((rota) => [rota, knownOf(state, rota)]));

function knownOf(state: State, rota: string): RotasToAsk[string] {
  const record = onCallOf(state, rota);
  return record && record.source !== 'none' ? { people: record.people, asOf: record.asOf } : null;
}

interface Answer {
  found: OnCallFound;
  /** What went out with it. */
  deliveries: readonly Delivery[];
  /** Who had come by themselves, and has to be told nothing. */
  present?: readonly string[];
}

/** What is recorded of a rota's answer: only what is news. */
export function onCallFound(
  state: State,
  timeline: readonly IncidentEvent[],
  { found: answer, deliveries, present = [] }: Answer,
  now: string,
): Draft[] {
  const before = onCallOf(state, answer.rota);
  const found = withWhatIsKnown(answer, before);
  if (before && newsIn(found) === newsIn(before)) return [];
  const told = deliveries
    .filter((one) => one.outcome === 'delivered' && hasAsked(state, timeline, one))
    .flatMap(({ to }) => to);
  const aware = [...told, ...present];
  const newcomers = comingIn(state, found).filter((person) => !aware.includes(person));
  return [{ type: 'onCallFound', at: now, by: self, data: { ...found, newcomers } }];
}

/** Who knows nothing takes nothing back. */
const withWhatIsKnown = (answer: OnCallFound, before: OnCallRecord | undefined): OnCallFound =>
  answer.source === 'none' && before && before.source !== 'none'
    ? { ...answer, people: before.people, asOf: before.asOf, source: 'lastGood' }
    : answer;

/** The time of an answer is none. */
const newsIn = ({ people, source, problem }: OnCallFound): string =>
  JSON.stringify([people.toSorted(), source, problem]);

/** Who holds a role that is waited for from now on. */
function comingIn(state: State, { rota, people }: OnCallFound): string[] {
  const roles = rolesBy(state, rota);
  const before = [
    ...(onCallOf(state, rota)?.people ?? []),
    ...roles.flatMap((role) => state.terms.assignments[role] ?? []),
  ];
  return roles.length === 0 ? [] : people.filter((person) => !before.includes(person));
}

/** The roles that are waited for and held by whoever is on call in the rota. */
export const rolesBy = (state: State, rota: string): Role[] =>
  [...new Set(waitingFor(state).map(({ role }) => role))].filter((role) =>
    rotasOf(state, role).includes(rota),
  );

/** Messages that ask for what is waited for; others may reach somebody and say nothing of it. */
const asking: IncidentEvent['type'][] = [
  'incidentOpened',
  'phaseStarted',
  'escalated',
  'deployHeld',
  'deployFinished',
  'onCallFound',
];

function hasAsked(
  { id, askedSeq }: State,
  timeline: readonly IncidentEvent[],
  { notification }: Delivery,
): boolean {
  const seq = Number(notification.slice(`${id}-`.length));
  const event = timeline.find((one) => one.seq === seq);
  return seq >= askedSeq && event !== undefined && asking.includes(event.type);
}
