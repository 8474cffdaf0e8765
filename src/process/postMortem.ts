import { type Analysis, analysesOf } from './analyses.ts';
import { checklist } from './checklist.ts';
import type { Incident } from './decide.ts';
import { spell } from './duration.ts';
import type { EventData, IncidentEvent } from './events.ts';
import { clock, inline, quoted, table } from './markdown.ts';
import type { MonitorResult } from './outcomes.ts';
import { phaseTitles } from './phases.ts';
import type { PhaseRecord } from './state.ts';
import { type IncidentView, viewOf } from './view.ts';

/** How long something took, in milliseconds; null while one of its ends is not known. */
export interface Interval {
  name: string;
  from: string | null;
  to: string | null;
  milliseconds: number | null;
}

/** What is known of an incident, drawn from its timeline and nothing else. */
export interface PostMortem {
  incident: IncidentView;
  intervals: Interval[];
  phases: PhaseRecord[];
  timeline: IncidentEvent[];
}

export function postMortemOf({ state, timeline }: Incident): PostMortem {
  const incident = viewOf(state);
  return { incident, intervals: intervalsOf(incident), phases: state.phases, timeline };
}

function intervalsOf({ times }: IncidentView): Interval[] {
  const began = times.impactStartedAt ?? times.openedAt;
  const interval = (name: string, from: string | null, to: string | null): Interval => ({
    name,
    from,
    to,
    milliseconds: from && to ? Math.max(0, Date.parse(to) - Date.parse(from)) : null,
  });
  return [
    interval('Impact to declaration', began, times.declaredAt),
    interval('Declaration to P1 confirmed', times.declaredAt, times.confirmedAt),
    interval('P1 confirmed to fix ready', times.confirmedAt, times.fixReadyAt),
    interval('Fix ready to reviewed', times.fixReadyAt, times.reviewedAt),
    interval('Reviewed to deployed', times.reviewedAt, times.deployedAt),
    interval('Deployed to mitigated', times.deployedAt, times.mitigatedAt),
    interval('Impact to mitigated', began, times.mitigatedAt),
    interval('Mitigated to closed', times.mitigatedAt, times.endedAt),
  ];
}

/** The report as Markdown. What people wrote is escaped or quoted, so that it cannot pose as ours. */
export function renderPostMortem(postMortem: PostMortem): string {
  const sections = [head, story, times, phaseTable, deploys, measurements, actions, checks, events];
  return `${sections
    .map((section) => section(postMortem))
    .filter(Boolean)
    .join('\n\n')}\n`;
}

type Section = (postMortem: PostMortem) => string;

const head: Section = ({ incident }) => {
  const facts = [
    ['Service', inline(incident.service)],
    ['Status', `${incident.status}: ${inline(incident.explanation)}`],
    ['Priority', incident.priority ?? 'not assessed'],
    ['Attempts', String(incident.attempt)],
    ['Incident', `\`${incident.id}\``],
  ];
  return `# Post-mortem: ${inline(incident.title)}\n\n${table(['', ''], facts)}`;
};

const story: Section = ({ incident: { completed, description, bypass } }) => {
  const declared = completed.incidentDeclared as EventData['incidentDeclared'] | undefined;
  const reviewed = completed.incidentReviewed as EventData['incidentReviewed'] | undefined;
  const fix = completed.fixReady as EventData['fixReady'] | undefined;
  const parts: [string, string | null | undefined][] = [
    ['Summary', reviewed?.summary ?? description],
    ['Problem', declared?.problem],
    ['Impact', declared?.impact],
    ['What happened', reviewed?.whatHappened],
    ['Root cause', reviewed?.rootCause],
    ['Fix', fix && `${fix.ref}${fix.workaround ? ' (a workaround)' : ''}\n${fix.summary}`],
    ['Review bypassed', bypass && `by ${bypass.by}\n${bypass.reason}`],
  ];
  return parts
    .flatMap(([title, text]) => (text ? [`## ${title}\n\n${quoted(text)}`] : []))
    .join('\n\n');
};

const times: Section = ({ intervals }) =>
  `## Times\n\n${table(
    ['from … to', 'took', 'from (UTC)', 'to (UTC)'],
    intervals.map(({ name, from, to, milliseconds }) => [
      name,
      milliseconds === null ? '–' : spell(milliseconds),
      from ? clock(from) : '–',
      to ? clock(to) : '–',
    ]),
  )}`;

const phaseTable: Section = ({ phases }) =>
  `## Phases\n\n${table(
    ['phase', 'attempt', 'began (UTC)', 'took'],
    phases.map(({ phase, attempt, startedAt, endedAt }) => [
      phaseTitles[phase],
      String(attempt),
      clock(startedAt),
      endedAt ? spell(Date.parse(endedAt) - Date.parse(startedAt)) : 'goes on',
    ]),
  )}`;

const deploys: Section = ({ incident }) =>
  incident.deploys.length === 0
    ? ''
    : `## Deploys\n\n${table(
        ['attempt', 'environment', 'ref', 'outcome', 'how'],
        incident.deploys.map(({ attempt, environment, ref, result }) => [
          String(attempt),
          environment,
          `\`${inline(ref)}\``,
          result?.outcome ?? 'goes on',
          inline(result?.summary ?? ''),
        ]),
      )}`;

const measurements: Section = ({ incident: { id, monitoring }, timeline }) => {
  const plots = analysesOf(timeline).map((analysis) => plotOf(id, analysis));
  if (monitoring === null && plots.length === 0) return '';
  const head = `## Measurements${monitoring ? `: ${monitoring.outcome}` : ''}`;
  return [head, monitoring && measureTable(monitoring), ...plots].filter(Boolean).join('\n\n');
};

const measureTable = ({ measures }: MonitorResult): string =>
  table(
    ['measure', 'outcome', 'passed', 'failed', 'no data', 'errors', 'last'],
    measures.map(({ name, outcome, counts, summary }) => [
      inline(name),
      outcome,
      ...[counts.passed, counts.failed, counts.inconclusive, counts.error].map(String),
      inline(summary),
    ]),
  );

/** An image that the API draws, by a path within it. */
function plotOf(id: string, { number, attempt, environment, after, outcome }: Analysis): string {
  const words = `Attempt ${attempt}, ${environment} after the ${after}: ${outcome ?? 'no outcome'}`;
  return `![${words}](/incidents/${id}/measurements.svg?analysis=${number})`;
}

const actions: Section = ({ incident: { completed, followUps } }) => {
  const planned = completed.preventionPlanned as EventData['preventionPlanned'] | undefined;
  const parts: [string, string[]][] = [
    ['Prevention', planned?.prevention ?? []],
    ['Process improvements', planned?.improvements ?? []],
    ['Lessons', planned?.lessons ?? []],
    [
      'Follow-up tasks',
      followUps.map(({ id, title, url }) => `${id}: ${title}${url ? ` ${url}` : ''}`),
    ],
  ];
  return parts
    .filter(([, entries]) => entries.length > 0)
    .map(
      ([title, entries]) =>
        `## ${title}\n\n${entries.map((entry) => `- ${inline(entry)}`).join('\n')}`,
    )
    .join('\n\n');
};

const checks: Section = ({ incident }) =>
  `## Checklist\n\n${incident.checklist
    .map(
      ({ item, done, evidence, by }) =>
        `- [${done ? 'x' : ' '}] ${checklist[item].title}${done ? ` (${inline(by ?? '')}: ${inline(evidence ?? '')})` : ''}`,
    )
    .join('\n')}`;

const events: Section = ({ timeline }) =>
  `## Timeline\n\n${table(
    ['#', 'at (UTC)', 'by', 'event', ''],
    timeline.map((event) => [
      String(event.seq),
      clock(event.at),
      inline(event.by),
      event.type,
      inline(gist(event)).slice(0, 300),
    ]),
  )}`;

/** What happened in an event, in a few words. */
export function gist(event: IncidentEvent): string {
  const words = gistOf(event);
  const late = 'late' in event.data && event.data.late ? ' (late)' : '';
  const against =
    'againstMeasurements' in event.data && event.data.againstMeasurements
      ? ' (against the measurements)'
      : '';
  return `${words}${late}${against}`;
}

function gistOf(event: IncidentEvent): string {
  switch (event.type) {
    case 'incidentOpened':
      return event.data.request.title;
    case 'phaseStarted':
      return `${phaseTitles[event.data.phase]}, attempt ${event.data.attempt}`;
    case 'statusChanged':
      return `${event.data.status}: ${event.data.explanation}`;
    case 'signalRefused':
      return `${event.data.signal} refused: ${event.data.reason}`;
    case 'escalated':
      return `level ${event.data.level} (${event.data.name}) told`;
    case 'deployStarted':
      return `${event.data.ref} to ${event.data.environment}`;
    case 'deployFinished':
      return `${event.data.ref} to ${event.data.environment} ${event.data.result.outcome}: ${event.data.result.summary}`;
    case 'rollbackStarted':
      return `taking back ${event.data.ref}`;
    case 'rollbackFinished':
      return `${event.data.result.outcome}: ${event.data.result.summary}`;
    case 'monitoringStarted':
      return 'measuring';
    case 'monitored':
      return event.data.result.outcome;
    case 'followUpsFiled':
      return event.data.tasks.map(({ id }) => id).join(', ');
    case 'activityFailed':
      return `${event.data.activity}: ${event.data.reason}`;
    case 'incidentDeclared':
      return event.data.problem;
    case 'priorityAssessed':
      return `${event.data.priority}: ${event.data.justification}`;
    case 'fixReady':
      return `${event.data.ref}: ${event.data.summary}`;
    case 'sanityChecked':
    case 'securityChecked':
    case 'retrospectiveReviewed':
      return [event.data.verdict, event.data.note].filter(Boolean).join(': ');
    case 'deployAuthorized':
      return event.data.skipStaging ? 'straight to production' : 'through staging';
    case 'systemVerified':
      return `${event.data.solved ? 'solved' : 'not solved'}, ${event.data.healthy ? 'healthy' : 'not healthy'}`;
    case 'quickVerified':
      return event.data.passed ? 'passed' : 'not passed';
    case 'incidentReviewed':
      return event.data.summary;
    case 'preventionPlanned':
      return `${event.data.prevention.length} to prevent, ${event.data.lessons.length} learned`;
    case 'escalationAcknowledged':
      return event.data.note ?? 'has it in hand';
    case 'commented':
      return event.data.text;
    case 'roleAssigned':
      return `${event.data.role} is now ${event.data.person}`;
    case 'reviewBypassed':
    case 'incidentAborted':
      return event.data.reason;
    case 'checklistItemDone':
      return `${event.data.item}: ${event.data.evidence}`;
  }
}
