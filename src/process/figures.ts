import type { IncidentEvent } from './events.ts';
import type { Phase } from './phases.ts';

/**
 * How long each wait took until people knew and answered, in milliseconds from when it began; null
 * where it did not come to that.
 */
export interface Figures {
  /** A phase, or the review that a bypass owes. */
  wait: Phase | 'retrospective';
  attempt: number;
  since: string;
  /** Until the first message about it was delivered. */
  toTell: number | null;
  /** Until an escalation of it was acknowledged. */
  toAcknowledge: number | null;
  /** Until the last of its people had answered. */
  toDecide: number | null;
}

/** The figures of one wait while they are counted. */
export interface WaitRecord extends Figures {
  /** The messages that ask for it, by the places in the timeline of what they tell. */
  asked: number[];
}

type Name = Pick<Figures, 'wait' | 'attempt'>;

export const beginWait = (name: Name, { at, seq }: IncidentEvent): WaitRecord => ({
  ...name,
  since: at,
  ...{ toTell: null, toAcknowledge: null, toDecide: null },
  asked: [seq],
});

/** The waits after one more event of the timeline, in the order in which they began. */
export function countWaits(waits: WaitRecord[], event: IncidentEvent): WaitRecord[] {
  const ofPhase = waits.findLast(({ wait }) => wait !== 'retrospective');
  const ofReview = waits.findLast(({ wait }) => wait === 'retrospective');
  const change = (one: WaitRecord | undefined, part: (of: WaitRecord) => Partial<WaitRecord>) =>
    waits.map((other) => (other === one ? { ...other, ...part(other) } : other));
  const decided = (of: WaitRecord) => ({ toDecide: of.toDecide ?? since(of, event.at) });
  switch (event.type) {
    case 'phaseStarted': {
      const { phase: wait, attempt } = event.data;
      return [...change(ofPhase, decided), beginWait({ wait, attempt }, event)];
    }
    case 'reviewBypassed':
      return [
        ...waits,
        beginWait({ wait: 'retrospective', attempt: ofPhase?.attempt ?? 1 }, event),
      ];
    case 'retrospectiveReviewed':
      return change(ofReview, decided);
    case 'statusChanged':
      return event.data.status === 'mitigated' ? waits : change(ofPhase, decided);
    case 'escalationAcknowledged':
      return change(ofPhase, (of) => ({ toAcknowledge: of.toAcknowledge ?? since(of, event.at) }));
    case 'escalated':
      return change(event.data.wait ? ofReview : ofPhase, ({ asked }) => ({
        asked: [...asked, event.seq],
      }));
    case 'notified':
      // A message may be delivered when its phase is over already: it counts for its own.
      return waits.map((of) =>
        event.data.deliveries.some((delivery) => isAbout(of, delivery))
          ? { ...of, toTell: of.toTell ?? since(of, event.at) }
          : of,
      );
    default:
      return waits;
  }
}

const since = (wait: WaitRecord, at: string): number =>
  Math.max(0, Date.parse(at) - Date.parse(wait.since));

/** A message's id ends with the place of what it tells. */
const isAbout = (
  { asked }: WaitRecord,
  { notification, outcome }: { notification: string; outcome: string },
): boolean => outcome === 'delivered' && asked.some((seq) => notification.endsWith(`-${seq}`));

export const figuresOf = (waits: readonly WaitRecord[]): Figures[] =>
  waits.map(({ asked: _asked, ...figures }) => figures);
