import { handle, open } from './decide.ts';
import { type Draft, type IncidentEvent, type ServiceTerms, self } from './events.ts';
import { type Notification, notificationOf } from './notifications.ts';
import { type Phase, phases } from './phases.ts';
import type { Escalation } from './policy.ts';
import { evolve, type State } from './state.ts';

/** What people are told at one moment of a dry run. */
export interface Telling {
  /** ISO 8601, UTC. */
  at: string;
  /** 0 where somebody's turn has come, then the number of the level. */
  level: number;
  /** The level's name; of level 0 there is none. */
  name: string;
  /** The people behind the names of the policy; a role that nobody holds stays a role. */
  recipients: string[];
  /** By which channels; all of them where it is not said. */
  channels?: string[];
}

/** What follows while nobody acknowledges, from the beginning of one wait. */
export interface DryRun {
  of: Phase | 'retrospective';
  escalation: Escalation;
  from: string;
  /** In order, up to where the last level is told again and again. */
  tellings: Telling[];
  /** When the last level is told again for the first time. */
  againAt: string;
}

/**
 * Who would be told when, of each phase and of the review in retrospect, if each began at `from`
 * (ISO 8601, UTC). An incident is taken there and hears nothing but the clock: what it does is what
 * the process does.
 */
export const dryRun = (terms: ServiceTerms, service: string, from: string): DryRun[] => [
  ...phases.map((phase) => runOf(phase, terms, service, from)),
  runOf('retrospective', terms, service, from),
];

function runOf(of: DryRun['of'], terms: ServiceTerms, service: string, from: string): DryRun {
  const { policy } = terms;
  const escalation = of === 'retrospective' ? policy.retrospective : policy.escalation[of];
  const tellings: Telling[] = [];
  let moment = begin(of, terms, service, from);
  for (;;) {
    const { state, event } = moment;
    const isAgain = event.type === 'escalated' && event.data.repeat > 0;
    if (isAgain) return { of, escalation, from, tellings, againAt: event.at };
    tellings.push(tellingOf(event, notificationOf(state, event)));
    moment = next(of, state);
  }
}

interface Moment {
  state: State;
  /** What has just happened. */
  event: IncidentEvent;
}

function begin(of: DryRun['of'], terms: ServiceTerms, service: string, from: string): Moment {
  const request = { title: 'A dry run', service };
  const { state, timeline } = open({ id: 'dry-run', by: self, request, terms }, from);
  const [opened] = timeline as [IncidentEvent];
  if (of === 'declaration') return { state, event: opened };
  const draft: Draft =
    of === 'retrospective'
      ? { type: 'reviewBypassed', at: from, by: self, data: { reason: 'A dry run' } }
      : { type: 'phaseStarted', at: from, by: self, data: { phase: of, attempt: 1 } };
  const event: IncidentEvent = { seq: 2, ...draft };
  return { state: evolve(state, event), event };
}

/** The next thing that the clock brings about. */
function next(of: DryRun['of'], state: State): Moment {
  const isRetrospective = of === 'retrospective';
  const { nextAt } = (isRetrospective && state.retrospectiveWatch) || state.watch;
  const clock = { kind: 'clock' as const, ...(isRetrospective && { of }) };
  const before = { state, timeline: [], counted: { count: 0, newest: [] } };
  const incident = handle(before, clock, nextAt);
  const [event] = incident.timeline;
  if (!event) throw new Error(`The clock brings nothing about at ${nextAt}.`);
  return { state: incident.state, event };
}

function tellingOf(event: IncidentEvent, said: Notification | null): Telling {
  const { recipients = [], channels } = said ?? {};
  const { level, name } = event.type === 'escalated' ? event.data : { level: 0, name: '' };
  return { at: event.at, level, name, recipients, ...(channels && { channels }) };
}
