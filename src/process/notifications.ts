import { chainOf } from './chains.ts';
import { spell } from './duration.ts';
import type { IncidentEvent, Status } from './events.ts';
import { clock } from './markdown.ts';
import { newsOf } from './news.ts';
import { rolesBy, toAsk } from './onCall.ts';
import type { DeployResult, PreflightCheck, RotasToAsk } from './outcomes.ts';
import { type Phase, phaseTitles, type Role, roleIds, roles } from './phases.ts';
import type { Place } from './signals.ts';
import { assigneesOf, isOver, isTaken, rotasOf, type State } from './state.ts';
import { type IncidentView, viewOf } from './view.ts';
import { type Wait, waitingFor } from './waiting.ts';

/** One message to people; the adapters decide how it looks. */
export interface Notification {
  /** The same for every retry of this message: receivers drop what they have seen. */
  id: string;
  incidentId: string;
  /** Its place in the timeline: what has a lower one is of an earlier state. */
  seq: number;
  title: string;
  service: string;
  /** `phase` somebody's turn has come, `escalation` a limit has passed, `status` for everyone. */
  kind: 'phase' | 'escalation' | 'status';
  /** `page` somebody has to act, `inform` nobody has to. */
  urgency: 'page' | 'inform';
  /** People, rotas or roles to reach; `everyone` stands for the whole room, beside the people who take part. */
  recipients: string[];
  /**
   * The rotas to ask when this is sent, each with what is known of it or null: those among the
   * recipients, and those whose people have a say now.
   */
  rotas?: RotasToAsk;
  /** The phase and attempt with which it is over: whoever comes too late for them is not told. */
  during?: Place;
  /** By which channels; all of them where it is not said. */
  channels?: string[];
  /** One line. */
  subject: string;
  /** What is asked, since when, until when. Markdown. */
  text: string;
  /** The same without the tasks, for channels that show them by themselves: plain text, as people wrote it. */
  intro: string;
  at: string;
  /** The incident as it stands, for channels that keep one message of it. */
  incident: Card;
  /** What else has happened since the last message, oldest first; a line each, times in UTC. */
  news: string[];
  /** By channel: what it said to be told again (see {@link Delivery}). */
  threads: Record<string, Record<string, string>>;
}

/** An incident on one card. Times are ISO 8601, UTC. */
export interface Card {
  status: Status;
  explanation: string;
  phase: Phase;
  attempt: number;
  priority: string | null;
  openedAt: string;
  waitingFor: Wait[];
  escalation: IncidentView['escalation'];
  /** The fix of this attempt. */
  fix: { ref: string; summary: string; by: string; changeUrl?: string } | null;
  /** Whether staging can be skipped. */
  hasStaging: boolean;
}

/**
 * What people are told of an event, given the state right after it and what has happened since the last
 * message; null where nobody needs to hear. One message an event, so that its id is known before it is
 * sent.
 */
export function notificationOf(
  state: State,
  event: IncidentEvent,
  since: readonly IncidentEvent[] = [],
): Notification | null {
  const said = compose(state, event);
  if (!said) return null;
  const { asks = [], ...message } = said;
  return {
    id: `${state.id}-${event.seq}`,
    incidentId: state.id,
    seq: event.seq,
    title: state.request.title,
    service: state.request.service,
    at: event.at,
    urgency: said.kind === 'status' ? 'inform' : 'page',
    incident: cardOf(state),
    news: newsOf(since),
    threads: state.threads,
    text: [said.intro, asks.map(taskLine).join('\n')].filter(Boolean).join('\n\n'),
    ...(isOfPhase(event) && { during: { phase: state.phase, attempt: state.attempt } }),
    ...rotasToAsk(state, said),
    ...message,
  };
}

/** Whether it asks for what belongs to a phase, and nothing else. */
const isOfPhase = (event: IncidentEvent): boolean =>
  event.type === 'escalated'
    ? event.data.wait === undefined
    : ['incidentOpened', 'phaseStarted', 'deployHeld', 'deployFinished'].includes(event.type);

/** Whom the policy allows something is found out before they need it, with a message that asks anyway. */
function rotasToAsk(state: State, { kind, recipients }: Composed): Pick<Notification, 'rotas'> {
  const { policy, onCall } = state.terms;
  const names = [
    ...recipients,
    ...policy.mayManage,
    ...(state.phase === 'quickReview' ? policy.mayBypassReview : []),
  ];
  const rotas = onCall.filter((rota) => names.includes(rota));
  return kind === 'status' || rotas.length === 0 ? {} : { rotas: toAsk(state, rotas) };
}

function cardOf(state: State): Card {
  const { status, explanation, phase, attempt, priority, escalation, ...view } = viewOf(state);
  return {
    ...{ status, explanation, phase, attempt, priority, escalation },
    openedAt: state.openedAt,
    waitingFor: view.waitingFor,
    fix: fixOf(state),
    hasStaging: state.terms.staging,
  };
}

function fixOf({ completed: { fixReady } }: State): Card['fix'] {
  if (!fixReady) return null;
  const { ref, summary, by, changeUrl } = fixReady;
  return { ref, summary, by, ...(changeUrl && { changeUrl }) };
}

interface Composed
  extends Pick<Notification, 'kind' | 'recipients' | 'channels' | 'subject' | 'intro'> {
  /** What is asked for. */
  asks?: readonly Wait[];
}

function compose(state: State, event: IncidentEvent): Composed | null {
  switch (event.type) {
    case 'incidentOpened':
      return turn(state, `New incident: ${state.request.title}`, state.request.description);
    case 'phaseStarted':
      return turn(state, `${phaseTitles[event.data.phase]}, attempt ${event.data.attempt}`);
    case 'escalated': {
      const late = lateTasks(state, event.data);
      return {
        kind: 'escalation',
        recipients: peopleOf(state, event.data.recipients, late),
        subject: escalationSubject(event.data),
        ...(event.data.channels && { channels: event.data.channels }),
        intro: [event.data.reason, missedWords(event.data.missed)].filter(Boolean).join('\n\n'),
        asks: late,
      };
    }
    case 'escalationAcknowledged':
      return status(state, takenWords(state, event), event.data.note ?? '');
    case 'reviewBypassed':
      return status(
        state,
        `Review bypassed by ${event.by}`,
        `${event.data.reason}\n\nA retrospective review is owed before the incident can close.`,
      );
    case 'monitored':
      return event.data.result.outcome === 'passed' ? null : badMeasurements(state, event);
    case 'deployHeld':
      return turn(state, `Deploy to ${event.data.environment} held: authorize again`);
    case 'deployFinished':
      return event.data.result.outcome === 'unknown'
        ? turn(
            state,
            `Is ${event.data.ref} live in ${event.data.environment}? Nobody else can tell`,
          )
        : null;
    case 'preflighted':
      return brokenAccess(state, event.data.checks);
    case 'roleAssigned':
      return handedOver(state, event);
    case 'onCallFound':
      return comeOnCall(state, event.data);
    case 'rollbackFinished':
      return status(state, rollbackSubject(event.data.result), event.data.result.summary);
    case 'statusChanged':
      return status(state, `${state.request.title}: ${event.data.status}`, event.data.explanation);
    default:
      return null;
  }
}

const rollbackSubject = ({ outcome }: DeployResult): string =>
  outcome === 'unknown' ? 'How the rollback ended is not known' : `Rollback ${outcome}`;

const status = (state: State, subject: string, intro: string): Composed => ({
  kind: 'status',
  recipients: ['everyone', ...new Set(roleIds.flatMap((role) => assigneesOf(state, role)))],
  subject,
  intro,
});

/** A phase that waits for nobody has nothing to ask. */
function turn(state: State, subject: string, intro = ''): Composed | null {
  const waits = waitingFor(state);
  if (isOver(state) || waits.length === 0) return null;
  const recipients = peopleOf(state, ['waiting']);
  return { kind: 'phase', recipients, subject, intro, asks: waits };
}

/** Both hear it: who leaves, so that nobody waits for them, and who comes. */
function handedOver(
  state: State,
  { by, data: { role, person, former = [] } }: Extract<IncidentEvent, { type: 'roleAssigned' }>,
): Composed {
  const before = former.length > 0 ? ` instead of ${former.join(', ')}` : '';
  return {
    kind: 'phase',
    recipients: [...new Set([person, ...former])],
    subject: `${roles[role].title} is now ${person}`,
    intro: `${by} has handed the role over to ${person}${before}.`,
    asks: waitingFor(state),
  };
}

/** Where nobody is on call, somebody has to know it who can name another. */
function comeOnCall(
  state: State,
  { rota, people, problem, newcomers }: Extract<IncidentEvent, { type: 'onCallFound' }>['data'],
): Composed | null {
  if (isOver(state)) return null;
  if (people.length === 0) {
    const intro = [problem, 'A role is given to somebody by `roleAssigned`.'];
    return {
      kind: 'phase',
      recipients: peopleOf(state, ['incidentManager']),
      subject: problem ? `Who is on call in ${rota} is not known` : `Nobody is on call in ${rota}`,
      intro: intro.filter(Boolean).join('\n\n'),
      asks: waitingFor(state),
    };
  }
  if (newcomers.length === 0) return null;
  const held = rolesBy(state, rota).map((role) => roles[role].title.toLowerCase());
  return {
    kind: 'phase',
    recipients: newcomers,
    subject: `On call in ${rota} now: ${newcomers.join(', ')}`,
    intro: `That makes them the ${held.join(' and the ')} of this incident.`,
    asks: waitingFor(state),
  };
}

/** Nobody is told again of what somebody has in hand. A bypassed review is late for itself, beside all others. */
function lateTasks(state: State, { acknowledgement, wait }: Escalated): Wait[] {
  return wait ? waitingFor(state) : (chainOf(state, acknowledgement)?.waits ?? []);
}

/** Of which roles, where others are still waited for. */
function takenWords(
  state: State,
  { by, seq }: Extract<IncidentEvent, { type: 'escalationAcknowledged' }>,
): string {
  const waits = waitingFor(state);
  const taken = waits.filter((wait) =>
    state.taken.some((one) => one.seq === seq && isTaken(one, wait)),
  );
  const titles = [...new Set(taken.map(({ role }) => roles[role].title.toLowerCase()))];
  const isAll = taken.length === 0 || taken.length === waits.length;
  return `${by} has it in hand${isAll ? '' : `: ${titles.join(', ')}`}`;
}

type Escalated = Extract<IncidentEvent, { type: 'escalated' }>['data'];

const escalationSubject = ({ phase, wait, level, name, repeat, reason }: Escalated): string =>
  reason
    ? `At once: level ${level}, ${name}`
    : `${wait ? 'The review in retrospect' : phaseTitles[phase]} is late: level ${level}, ${name}${repeat > 0 ? ` (again, ${repeat + 1}.)` : ''}`;

/** Why those of further levels read this, and what they were to be told before. */
const missedWords = (missed: Escalated['missed'] = []): string | null =>
  missed.length === 0
    ? null
    : `Nobody could be told for a while, so this is also for ${missed
        .map(({ level, name, dueAt }) => `level ${level}, ${name} (due at ${clock(dueAt)} UTC)`)
        .join('; ')}.`;

/** Of a rollback everybody hears who decides what next; of a deploy, who has to judge it. */
function badMeasurements(
  state: State,
  { data: { environment, after, result } }: Extract<IncidentEvent, { type: 'monitored' }>,
): Composed {
  const lines = result.measures.map(
    ({ name, outcome, summary }) => `- ${name}: ${outcome}. ${summary}`,
  );
  const judges = environment === 'staging' ? ['deployer', 'bugFixer'] : ['monitor', 'tester'];
  const outcome = result.outcome === 'failed' ? 'failed' : 'say nothing certain';
  return {
    kind: after === 'rollback' ? 'escalation' : 'phase',
    recipients: peopleOf(state, after === 'rollback' ? [...judges, ...topOf(state)] : judges),
    subject: `The measurements of ${environment} after the ${after} ${outcome}`,
    intro: lines.join('\n'),
    asks: waitingFor(state),
  };
}

const topOf = ({ phase, terms }: State): string[] =>
  terms.policy.escalation[phase].levels.at(-1)?.notify ?? [];

const whoNeeds: Record<PreflightCheck['what'], { role: Role; to: string }> = {
  deploy: { role: 'deployer', to: 'deploy' },
  rollback: { role: 'deployer', to: 'deploy' },
  measure: { role: 'monitor', to: 'measure' },
  rota: { role: 'incidentManager', to: 'tell who is on call' },
};

/** Whoever needs it hears it while there is time. */
function brokenAccess(state: State, checks: readonly PreflightCheck[]): Composed | null {
  const bad = checks.filter(({ ok }) => !ok);
  if (bad.length === 0) return null;
  const needs = bad.map(({ what }) => whoNeeds[what]);
  const purposes = [...new Set(needs.map(({ to }) => to))];
  return {
    kind: 'phase',
    recipients: peopleOf(state, [...new Set(needs.map(({ role }) => role))]),
    subject: `Not ready to ${purposes.join(' and to ')}: ${bad.length} of ${checks.length} checks failed`,
    intro: bad
      .map(
        ({ environment, what, name, summary }) => `- ${environment}, ${what} ${name}: ${summary}`,
      )
      .join('\n'),
  };
}

/** Roles become the people and rotas that hold them; a role that nobody holds is told by its name. */
function peopleOf(state: State, names: readonly string[], waits = waitingFor(state)): string[] {
  const each = names.flatMap((name) =>
    name === 'waiting' ? waits.map(({ role }) => role as string) : [name],
  );
  const people = each.flatMap((name) => {
    const holders = isRole(name) ? holdersOf(state, name) : [];
    return holders.length > 0 ? holders : [name];
  });
  return [...new Set(people)];
}

const isRole = (name: string): name is Role => Object.hasOwn(roles, name);

const holdersOf = (state: State, role: Role): string[] => [
  ...(state.terms.assignments[role] ?? []),
  ...rotasOf(state, role),
];

const taskLine = (wait: Wait): string => {
  const { role, task, signal, item, advice, assignees, since, deadline, acknowledged } = wait;
  const who = assignees.length > 0 ? `${role} (${assignees.join(', ')})` : role;
  const limit = spell(Date.parse(deadline) - Date.parse(since));
  return `- ${who}: ${task} Signal \`${signal}\`${item ? ` for \`${item}\`` : ''}, until ${deadline} (${limit}).${advice ? ` ${advice}` : ''}${acknowledged ? ` ${acknowledged.by} has it in hand.` : ''}`;
};
