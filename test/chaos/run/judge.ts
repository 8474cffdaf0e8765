import { isDeepStrictEqual } from 'node:util';
import { restore } from '../../../src/process/decide.ts';
import type { IncidentEvent } from '../../../src/process/events.ts';
import { notificationOf } from '../../../src/process/notifications.ts';
import { isCompletion, type SignalName } from '../../../src/process/signals.ts';
import { evolve, isOver, type State } from '../../../src/process/state.ts';
import { type IncidentView, viewOf } from '../../../src/process/view.ts';
import { waitingFor } from '../../../src/process/waiting.ts';
import type { DeployRun } from './deploys.ts';
import type { Figure, Findings } from './figures.ts';
import type { Message } from './messages.ts';
import { endOf, phasesOf } from './plan.ts';
import type { Said, Story } from './story.ts';

/** What is left of an incident when its run is over. */
export interface Remains {
  story: Story;
  timeline: IncidentEvent[];
  view: IncidentView;
  messages: Message[];
  runs: DeployRun[];
  /** The runs of every incident of the same service. */
  neighbours: DeployRun[];
}

/**
 * How late somebody may be told, beyond the limit, in milliseconds: what a worker had in hand when it
 * died comes back to another after 10 s, faults last 15 s and may follow one another.
 */
const tellingMargin = 120_000;

/**
 * How long a message may be under way, in milliseconds. Just before it is sent Temporal is asked whether its
 * phase goes on, and learns of the end when the workflow task is completed that brought it.
 */
const deliveryMargin = 15_000;

/** Holds what is left of an incident against what was answered, planned, told and deployed. */
export function judge(remains: Remains, findings: Findings): void {
  const note = (figure: Figure, what: string) => findings.add(figure, remains.story.id, what);
  judgeAnswers(remains, note);
  judgeState(remains, note);
  judgeDeploys(remains, note);
  judgeMessages(remains, note);
  judgeLimits(remains, note);
}

type Note = (figure: Figure, what: string) => void;

function judgeAnswers({ story, timeline }: Remains, note: Note): void {
  for (const said of story.said) {
    const events = timeline.filter(({ requestId }) => requestId === said.requestId);
    const name = `${said.name} (${said.requestId})`;
    if (events.length > 1) note('applied twice', `${name} is there ${events.length} times.`);
    const promise = said.answers.find(
      ({ status, requestId }) => status < 300 || requestId !== undefined,
    );
    const [event] = events;
    if (!event) {
      if (promise) note('lost', `${name} was answered ${promise.status}, and is not there.`);
      continue;
    }
    for (const problem of differences(said, event))
      note('other than answered', `${name} ${problem}`);
  }
  for (const [key, count] of completions(timeline)) {
    if (count > 1) note('applied twice', `${key} was accepted ${count} times.`);
  }
}

function differences({ name, body, by, isWrong, answers }: Said, event: IncidentEvent): string[] {
  const isAccepted = event.type !== 'signalRefused';
  const found: string[] = [];
  if (isAccepted && isWrong) found.push('breaks a rule and was accepted.');
  if (isAccepted && event.type !== name) found.push(`is there as ${event.type}.`);
  if (event.by !== by) found.push(`is of ${by} and stands there as of ${event.by}.`);
  if (isAccepted && !isWithin(body, event.data)) found.push('is there with another body.');
  for (const { status, code, requestId } of answers) {
    const isVerdict = status === 200 || (requestId !== undefined && status !== 202);
    if (isVerdict && (status === 200) !== isAccepted) {
      found.push(`was answered ${status}, and is there as ${event.type}.`);
    }
    const refusal = event.type === 'signalRefused' ? event.data.code : undefined;
    if (isVerdict && status !== 200 && refusal !== code) {
      found.push(`was refused by ${code}, and is there as refused by ${refusal}.`);
    }
    if (![200, 202, 403, 409, 503].includes(status)) found.push(`was answered ${status} ${code}.`);
  }
  return found;
}

const isWithin = (part: object, whole: object): boolean =>
  Object.entries(part).every(([key, value]) =>
    isDeepStrictEqual(value, (whole as Record<string, unknown>)[key]),
  );

/** How often each role's completion was accepted in each attempt. */
function completions(timeline: IncidentEvent[]): Map<string, number> {
  const counts = new Map<string, number>();
  let attempt = 1;
  let holds = 0;
  for (const event of timeline) {
    if (event.type === 'phaseStarted') attempt = event.data.attempt;
    // A deployer who was held is asked again.
    if (event.type === 'deployHeld') holds += 1;
    if (!isCompletion(event.type as SignalName)) continue;
    const key = `${event.type} of attempt ${attempt}${event.type === 'deployAuthorized' ? `, ${holds} holds` : ''}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function judgeState({ story, timeline, view }: Remains, note: Note): void {
  const { plan } = story;
  const reached = timeline.flatMap(({ type, data }) =>
    type === 'phaseStarted' ? [`${data.phase} ${data.attempt}`] : [],
  );
  const went = ['declaration 1', ...reached];
  const planned = phasesOf(plan).map(({ phase, attempt }) => `${phase} ${attempt}`);
  const expected = plan.abort ? planned.slice(0, went.length) : planned;
  if (!isDeepStrictEqual(went, expected)) {
    note('other than answered', `It went ${went.join(', ')}; planned was ${planned.join(', ')}.`);
  }
  if (view.status !== endOf(plan)) {
    note('other than answered', `It is ${view.status}; planned was ${endOf(plan)}.`);
  }
  const folded = JSON.parse(JSON.stringify(viewOf(restore(timeline).state))) as IncidentView;
  for (const key of Object.keys(folded) as (keyof IncidentView)[]) {
    if (!isDeepStrictEqual(folded[key], view[key])) {
      note('other than answered', `Its ${key} is not what its timeline says.`);
    }
  }
}

function judgeDeploys({ story, timeline, runs, neighbours }: Remains, note: Note): void {
  const begun = new Map<string, number>();
  for (const run of runs) {
    const step = `${run.action} ${run.environment} ${run.attempt}`;
    begun.set(step, (begun.get(step) ?? 0) + 1);
    for (const other of run.beside) {
      note('deploys at once', `${step} began beside ${other.action} of ${other.incidentId}.`);
    }
  }
  for (const [step, count] of begun) {
    if (count > 1) note('deploys twice', `${step} was begun ${count} times.`);
  }
  if (!story.plan.abort) judgeResults({ story, timeline, runs, neighbours }, note);
}

/** Holds each result on the timeline against what the deploy system did. */
function judgeResults(
  {
    story,
    timeline,
    runs,
    neighbours,
  }: Pick<Remains, 'story' | 'timeline' | 'runs' | 'neighbours'>,
  note: Note,
): void {
  const states = foldsOf(timeline);
  for (const event of timeline) {
    if (event.type !== 'deployFinished' && event.type !== 'rollbackFinished') continue;
    const { result } = event.data;
    const { attempt } = states[event.seq - 1] as State;
    const action = event.type === 'deployFinished' ? 'deploy' : 'rollback';
    const run = runs.find(
      (one) =>
        one.action === action &&
        one.attempt === attempt &&
        one.environment === ('environment' in event.data ? event.data.environment : 'production'),
    );
    if (run?.outcome === result.outcome) continue;
    // What somebody else has brought live since is not taken back.
    const isOvertaken = neighbours.some(
      (one) =>
        one.incidentId !== story.id &&
        one.environment === 'production' &&
        one.begunAt > Date.parse(states[0]?.openedAt ?? '') &&
        one.begunAt < Date.parse(event.at),
    );
    if (!run && action === 'rollback' && result.outcome === 'failed' && isOvertaken) continue;
    note('other than answered', `Its ${action} ${result.outcome}: ${result.summary}`);
  }
}

function judgeMessages({ timeline, messages }: Remains, note: Note): void {
  const states = foldsOf(timeline);
  for (const { id, seq, subject, kind, receivedAt } of messages) {
    const event = timeline[seq - 1];
    const state = states[seq - 1];
    const told = event && state && notificationOf(state, event);
    if (told?.id !== id || told.subject !== subject) {
      note('told after the end', `"${subject}" tells of what is not on the timeline (${seq}).`);
      continue;
    }
    const end = kind === 'status' ? undefined : endOfPhase(timeline, seq);
    if (end !== undefined && receivedAt > end + deliveryMargin) {
      note('told after the end', `"${subject}" came ${receivedAt - end} ms after its phase.`);
    }
  }
  const received = new Set([...messages.map(({ seq }) => seq), ...outdatedOf(timeline)]);
  for (const { type, seq, data } of timeline) {
    if (type !== 'escalated') continue;
    const before = states[seq - 2];
    if (!received.has(seq)) note('escalations missed', `Level ${data.level} (${seq}) never came.`);
    if (!before || isOver(before) || before.phase !== data.phase) {
      note('told after the end', `Level ${data.level} of ${data.phase} (${seq}) rang after it.`);
    }
  }
}

/** What was not sent, since its phase was over when it could have been. */
const outdatedOf = (timeline: IncidentEvent[]): number[] =>
  timeline.flatMap((event) =>
    event.type === 'notified'
      ? event.data.deliveries
          .filter(({ outcome }) => outcome === 'outdated')
          .map(({ notification }) => Number(notification.split('-').at(-1)))
      : [],
  );

/** When the phase that an event belongs to was over. */
function endOfPhase(timeline: IncidentEvent[], seq: number): number | undefined {
  const end = timeline
    .slice(seq)
    .find(
      ({ type, data }) =>
        type === 'phaseStarted' || (type === 'statusChanged' && data.status !== 'mitigated'),
    );
  return end && Date.parse(end.at);
}

/** Whether a wait went on beyond its limit, and nobody was told for longer than anything explains. */
function judgeLimits({ timeline }: Remains, note: Note): void {
  const states = foldsOf(timeline);
  for (const event of timeline.slice(1)) {
    const before = states[event.seq - 2];
    if (!before || waitingFor(before).length === 0) continue;
    const late = Date.parse(event.at) - Date.parse(before.watch.nextAt);
    if (late > tellingMargin) {
      note('escalations missed', `${before.phase} was ${late} ms beyond its limit (${event.seq}).`);
    }
  }
}

/** The state after each event. */
function foldsOf(timeline: IncidentEvent[]): State[] {
  const states: State[] = [];
  for (const event of timeline) states.push(evolve(states.at(-1) ?? null, event));
  return states;
}
