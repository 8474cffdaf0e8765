import { randomUUID } from 'node:crypto';
import { chainsOf } from '../../src/process/chains.ts';
import { handle, type Incident, type Message, open } from '../../src/process/decide.ts';
import { type Opening, openingSchema, type ServiceTerms } from '../../src/process/events.ts';
import type {
  DeployResult,
  MeasurementOutcome,
  MonitorResult,
  OnCallFound,
} from '../../src/process/outcomes.ts';
import { roleOf, roles } from '../../src/process/phases.ts';
import {
  isCompletion,
  parseSignal,
  type SignalBody,
  type SignalName,
} from '../../src/process/signals.ts';
import type { State } from '../../src/process/state.ts';

export const start = Date.parse('2026-11-24T03:00:00.000Z');
export const at = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();

/** A good body of every signal. */
export const bodies: { [N in SignalName]: SignalBody<N> } = {
  incidentDeclared: {
    problem: 'The checkout answers 500.',
    impact: 'Nobody can pay.',
    reason: 'production_down',
  },
  priorityAssessed: { priority: 'P1', justification: 'All customers.' },
  fixReady: { ref: 'v42', summary: 'Reverts the broken query.', workaround: true },
  sanityChecked: { verdict: 'approved', noBreakingChanges: true, noDataLoss: true },
  securityChecked: { verdict: 'approved', noBreakingChanges: true, noDataLoss: true },
  deployAuthorized: { skipStaging: true },
  systemVerified: { solved: true, healthy: true },
  quickVerified: { passed: true },
  incidentReviewed: { whatHappened: 'A query lost its index.', summary: 'Down for 20 minutes.' },
  preventionPlanned: {
    prevention: ['Test queries against real data.'],
    improvements: ['Page earlier.'],
    lessons: ['Indexes matter.'],
  },
  escalationAcknowledged: {},
  commented: { text: 'Looking at it.' },
  roleAssigned: { role: 'tester', person: 'zoe' },
  reviewBypassed: { reason: 'Both reviewers are asleep and money is being lost.' },
  deployConfirmed: { live: true },
  retrospectiveReviewed: { verdict: 'approved' },
  checklistItemDone: { item: 'testsAdded', evidence: 'https://forge.example/pull/7' },
  incidentAborted: { reason: 'A false alarm.' },
};

export const actorOf = (name: SignalName): string => {
  if (isCompletion(name)) return roles[roleOf(name)].defaultActor;
  if (name === 'deployConfirmed') return roles.deployer.defaultActor;
  return name === 'retrospectiveReviewed' ? 'rachel' : 'inci';
};

export const opening = (
  terms: Partial<ServiceTerms> = {},
  request: Partial<Opening['request']> = {},
): Opening =>
  openingSchema.parse({
    id: 'abc123',
    by: 'api',
    request: { title: 'Checkout is down', service: 'shop', ...request },
    terms,
  });

/** A signal as it arrives, whatever its argument is. */
export const rawSignal = (name: string, argument: unknown, now: string = at(0)): Message => ({
  kind: 'signal',
  name,
  argument,
  parsed: parseSignal(name, argument, { at: now, requestId: randomUUID() }),
});

export const signal = (
  name: SignalName,
  body: object = bodies[name],
  envelope: { by?: string; at?: string; requestId?: string } = {},
  now: string = at(0),
): Message => rawSignal(name, { ...body, by: actorOf(name), ...envelope }, now);

/** What the timers of a phase bring, each once: its escalations that are due. */
export const clocksDue = (state: State, now: string): Message[] =>
  chainsOf(state)
    .filter(({ watch }) => watch.nextAt <= now)
    .map(({ taken }) => ({ kind: 'clock', ...(taken && { of: taken.seq }) }));

/** An incident in the hands of a test: every call is one message at one minute. */
export class Story {
  incident: Incident;

  constructor(terms: Partial<ServiceTerms> = {}, request: Partial<Opening['request']> = {}) {
    this.incident = open(opening(terms, request), at(0));
  }

  get state() {
    return this.incident.state;
  }

  get last() {
    const event = this.incident.timeline.at(-1);
    if (!event) throw new Error('no event');
    return event;
  }

  types(): string[] {
    return this.incident.timeline.map(({ type }) => type);
  }

  hear(message: Message, minute = 0): this {
    this.incident = handle(this.incident, message, at(minute));
    return this;
  }

  /** What the timers do that were set for when a wait is due: nothing before then. */
  ring(minute: number, of?: 'retrospective'): this {
    if (of) {
      const watch = this.state.retrospectiveWatch;
      return watch && watch.nextAt <= at(minute) ? this.hear({ kind: 'clock', of }, minute) : this;
    }
    for (const message of clocksDue(this.state, at(minute))) this.hear(message, minute);
    return this;
  }

  say(name: SignalName, body: object = {}, minute = 0, by: string = actorOf(name)): this {
    const whole = { ...bodies[name], ...body };
    return this.hear(signal(name, whole, { by }, at(minute)), minute);
  }

  /** The straight way up to (not into) the signals of a phase. */
  until(phase: 'quickFix' | 'quickReview' | 'deploy' | 'verify' | 'postMortem' | 'end'): this {
    const steps: [string, () => unknown][] = [
      ['quickFix', () => this.say('incidentDeclared').say('priorityAssessed')],
      ['quickReview', () => this.say('fixReady')],
      ['deploy', () => this.say('sanityChecked').say('securityChecked')],
      ['verify', () => this.deploy()],
      ['postMortem', () => this.say('systemVerified').say('quickVerified')],
      ['end', () => this.finish()],
    ];
    for (const [name, step] of steps) {
      step();
      if (name === phase) break;
    }
    return this;
  }

  deploy(outcome: DeployResult['outcome'] = 'succeeded'): this {
    const ref = this.state.completed.fixReady?.ref ?? '';
    return this.say('deployAuthorized')
      .hear({ kind: 'deployStarted', environment: 'production', ref })
      .hear({ kind: 'deployFinished', environment: 'production', ref, result: deployed(outcome) });
  }

  finish(): this {
    return this.say('incidentReviewed')
      .say('preventionPlanned')
      .say('checklistItemDone', { item: 'properFixFollowUp' })
      .say('checklistItemDone', { item: 'testsAdded' })
      .say('checklistItemDone', { item: 'monitoringImproved' });
  }
}

/** What a rota answers. */
export const live = (rota: string, ...people: string[]): OnCallFound => ({
  ...{ rota, people, asOf: at(0), source: 'live' },
});

export const deployed = (outcome: DeployResult['outcome']): DeployResult => ({
  outcome,
  adapter: 'command',
  summary: `It ${outcome}.`,
  output: '',
  startedAt: at(0),
  finishedAt: at(1),
});

export const measured = (outcome: MeasurementOutcome): MonitorResult => ({
  outcome,
  startedAt: at(0),
  finishedAt: at(1),
  measures: [
    {
      name: 'healthz',
      adapter: 'http',
      outcome,
      summary: `It ${outcome}.`,
      counts: { passed: 0, failed: 0, inconclusive: 0, error: 0 },
      points: [],
      thresholds: [],
    },
  ],
});
