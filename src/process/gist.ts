import type { EventData, IncidentEvent } from './events.ts';
import type { DeployResult } from './outcomes.ts';
import { phaseTitles } from './phases.ts';

/** What happened in an event, in a few words. */
export function gist(event: IncidentEvent): string {
  const words = gistOf(event);
  const late = 'late' in event.data && event.data.late ? ' (late)' : '';
  const against =
    'againstMeasurements' in event.data && event.data.againstMeasurements
      ? ' (against the measurements)'
      : '';
  const folded = event.folded ? ` (and ${event.folded} times before)` : '';
  return `${words}${late}${against}${folded}`;
}

const outcomeWords = ({ outcome }: DeployResult): string =>
  outcome === 'unknown' ? 'has an outcome that is not known' : outcome;

const watchedGist = ({ environment, after, attempt }: EventData['monitoringStarted']): string =>
  `${environment} after the ${after} of attempt ${attempt}`;

const queueGist = ({ environment, holder, waiting }: EventData['deployQueueChanged']): string =>
  `${environment}: ${holder ? `${holder.incidentId} ${holder.givenUp ? 'may still deploy' : 'deploys'} ${holder.ref}` : 'nobody deploys'}, ${waiting.map(({ incidentId }) => incidentId).join(', ') || 'nobody'} waits`;

function deliveryGist(deliveries: EventData['notified']['deliveries']): string {
  const by = (wanted: string) => [
    ...new Set(
      deliveries.filter(({ outcome }) => outcome === wanted).map(({ channel }) => channel),
    ),
  ];
  const failures = deliveries.flatMap(({ reason }) => reason ?? []);
  return [`told by ${by('delivered').join(', ') || 'no channel'}`, ...new Set(failures)].join('; ');
}

function onCallGist({ rota, people, source, asOf, problem }: EventData['onCallFound']): string {
  if (source === 'none') return `${rota}: not known. ${problem ?? ''}`.trim();
  const who = `${rota}: ${people.join(', ') || 'nobody'} on call`;
  const age = source === 'lastGood' ? ` as of ${asOf}` : '';
  return [`${who}${age}`, problem].filter(Boolean).join('. ');
}

function preflightGist(checks: EventData['preflighted']['checks']): string {
  const bad = checks.filter(({ ok }) => !ok);
  return bad.length === 0
    ? `${checks.length} of ${checks.length} well`
    : bad.map(({ environment, name, summary }) => `${environment} ${name}: ${summary}`).join(' ');
}

function escalatedGist({ level, name, reason, missed }: EventData['escalated']): string {
  const told = [`level ${level} (${name}) told`, reason].filter(Boolean).join(': ');
  return missed ? `${told}; missed before: ${missed.map((one) => one.name).join(', ')}` : told;
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
    case 'refusalsCounted':
      return `${event.data.count} more refused, which the timeline has no room for`;
    case 'escalated':
      return escalatedGist(event.data);
    case 'deployStarted':
      return `${event.data.ref} to ${event.data.environment}`;
    case 'deployFinished':
      return `${event.data.ref} to ${event.data.environment} ${outcomeWords(event.data.result)}: ${event.data.result.summary}`;
    case 'rollbackStarted':
      return `taking back ${event.data.ref}`;
    case 'rollbackFinished':
      return `${outcomeWords(event.data.result)}: ${event.data.result.summary}`;
    case 'deployQueueChanged':
      return queueGist(event.data);
    case 'deployHeld':
      return event.data.reason;
    case 'monitoringStarted':
      return watchedGist(event.data);
    case 'monitored':
      return `${watchedGist(event.data)}: ${event.data.result.outcome}`;
    case 'notified':
      return deliveryGist(event.data.deliveries);
    case 'onCallFound':
      return onCallGist(event.data);
    case 'preflighted':
      return preflightGist(event.data.checks);
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
    case 'deployConfirmed':
      return [event.data.live ? 'live' : 'not live', event.data.note].filter(Boolean).join(': ');
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
