import type { IncidentEvent } from './events.ts';
import type { Phase } from './phases.ts';

/**
 * How long each wait took until people knew and answered, in milliseconds from when it began; null
 * where it did not come to that.
 */
export interface Figures {
  phase: Phase;
  attempt: number;
  since: string;
  /** Until the first message about it was delivered. */
  toTell: number | null;
  /** Until an escalation of it was acknowledged. */
  toAcknowledge: number | null;
  /** Until the last of its people had answered. */
  toDecide: number | null;
}

/** Of each phase and attempt, in order, drawn from the timeline. */
export function figuresOf(timeline: readonly IncidentEvent[]): Figures[] {
  const [opening] = timeline;
  if (opening?.type !== 'incidentOpened') return [];
  const waits: Wait[] = [begin('declaration', 1, opening)];
  for (const event of timeline) {
    if (event.type === 'phaseStarted') {
      end(waits.at(-1), event.at);
      waits.push(begin(event.data.phase, event.data.attempt, event));
    }
    note(waits, event);
  }
  return waits.map(({ seq: _seq, asked: _asked, ...figures }) => figures);
}

interface Wait extends Figures {
  seq: number;
  /** The ids of the messages that asked for it end with these. */
  asked: Set<string>;
}

const begin = (phase: Phase, attempt: number, { at, seq }: IncidentEvent): Wait => ({
  ...{ phase, attempt, since: at, seq, asked: new Set([`-${seq}`]) },
  ...{ toTell: null, toAcknowledge: null, toDecide: null },
});

const since = (wait: Wait, at: string): number =>
  Math.max(0, Date.parse(at) - Date.parse(wait.since));

function end(wait: Wait | undefined, at: string): void {
  if (wait) wait.toDecide = since(wait, at);
}

function note(waits: Wait[], event: IncidentEvent): void {
  const current = waits.at(-1);
  if (!current) return;
  if (event.type === 'escalated' && !event.data.wait) current.asked.add(`-${event.seq}`);
  if (event.type === 'escalationAcknowledged') current.toAcknowledge ??= since(current, event.at);
  if (event.type === 'statusChanged' && event.data.status !== 'mitigated') end(current, event.at);
  if (event.type !== 'notified') return;
  // A message may be delivered when its phase is over already: it counts for its own.
  for (const wait of waits) {
    const isTold = event.data.deliveries.some(
      ({ notification, outcome }) => outcome === 'delivered' && isAbout(wait, notification),
    );
    if (isTold) wait.toTell ??= since(wait, event.at);
  }
}

const isAbout = ({ asked }: Wait, notification: string): boolean =>
  [...asked].some((ending) => notification.endsWith(ending));
