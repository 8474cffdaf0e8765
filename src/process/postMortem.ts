import { type Analysis, analysesOf } from './analyses.ts';
import { checklist } from './checklist.ts';
import { cut } from './cut.ts';
import type { Incident } from './decide.ts';
import { spell } from './duration.ts';
import type { EventData, IncidentEvent } from './events.ts';
import { gist } from './gist.ts';
import { clock, inline, quoted, table } from './markdown.ts';
import { phaseTitles } from './phases.ts';
import type { PhaseRecord } from './state.ts';
import { type IncidentView, type MonitoringSummary, viewOf } from './view.ts';

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
  return {
    incident,
    intervals: intervalsOf(incident),
    phases: state.phases,
    timeline,
  };
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
  const sections = [
    head,
    story,
    times,
    phaseTable,
    figureTable,
    deploys,
    rollbacks,
    measurements,
    actions,
    checks,
    events,
  ];
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

const figureTable: Section = ({ incident: { figures } }) =>
  `## Until people knew and answered\n\n${table(
    ['waiting for', 'attempt', 'first told after', 'acknowledged after', 'decided after'],
    figures.map(({ wait, attempt, toTell, toAcknowledge, toDecide }) => [
      wait === 'retrospective' ? 'Review in retrospect' : phaseTitles[wait],
      String(attempt),
      ...[toTell, toAcknowledge, toDecide].map((took) => (took === null ? '–' : spell(took))),
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

const rollbacks: Section = ({ incident }) =>
  incident.rollbacks.length === 0
    ? ''
    : `## Rollbacks\n\n${table(
        ['attempt', 'taken back', 'outcome', 'how'],
        incident.rollbacks.map(({ attempt, ref, result }) => [
          String(attempt),
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

const measureTable = ({ measures }: MonitoringSummary): string =>
  table(
    ['measure', 'outcome', 'passed', 'failed', 'inconclusive', 'errors', 'last'],
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
      inline(cut(gist(event), 300)),
    ]),
  )}`;
