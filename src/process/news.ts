import { cut } from './cut.ts';
import { type EventType, type IncidentEvent, self } from './events.ts';
import { gist } from './gist.ts';

/** How many events a message tells at most, the newest, and how much of each, in characters. */
const most = 10;
const longest = 300;

/** What is told by what follows from it, and what is nobody's concern. */
const untold: EventType[] = [
  'incidentOpened',
  'phaseStarted',
  'deployStarted',
  'rollbackStarted',
  'monitoringStarted',
  'notified',
  'onCallFound',
  'signalRefused',
];

/** Events as people read them, a line each, oldest first: `03:12 rachel, sanity checked: approved`. */
export const newsOf = (events: readonly IncidentEvent[]): string[] =>
  events
    .filter(({ type }) => !untold.includes(type))
    .slice(-most)
    .map(lineOf);

function lineOf(event: IncidentEvent): string {
  const what = event.type.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const who = event.by === self ? what : `${event.by}, ${what}`;
  return cut(`${event.at.slice(11, 16)} ${who}: ${gist(event).replace(/\s+/g, ' ')}`, longest);
}
