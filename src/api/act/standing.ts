import type { Errand } from '../../links/links.ts';
import { canAcknowledge } from '../../process/answers.ts';
import { isSamePerson } from '../../process/people.ts';
import { isCompletion } from '../../process/signals.ts';
import type { IncidentView } from '../../process/view.ts';
import type { Wait } from '../../process/waiting.ts';

/** What has become of what a link was sent for. */
export type Standing =
  /** Without a wait an escalation can be acknowledged, and no more. */
  | { kind: 'asked'; wait: Wait | null }
  /** Still waited for, but of others. */
  | { kind: 'handedOver'; wait: Wait }
  /** Somebody has answered, or nobody is waited for just now. */
  | { kind: 'answered'; by?: { by: string; at: string } }
  | { kind: 'phaseOver' }
  | { kind: 'incidentOver' };

export function standingOf(incident: IncidentView, errand: Errand): Standing {
  if (incident.status !== 'open' && incident.status !== 'mitigated') {
    return { kind: 'incidentOver' };
  }
  if (incident.phase !== errand.phase || incident.attempt !== errand.attempt) {
    return { kind: 'phaseOver' };
  }
  if (errand.signal === undefined) return toAcknowledge(incident);
  const wait = incident.waitingFor.find(
    ({ signal, item }) => signal === errand.signal && item === errand.item,
  );
  if (!wait) {
    const by = answerOf(incident, errand);
    return { kind: 'answered', ...(by && { by }) };
  }
  const isTheirs =
    wait.assignees.length === 0 || wait.assignees.some((one) => isSamePerson(one, errand.person));
  return { kind: isTheirs ? 'asked' : 'handedOver', wait };
}

function toAcknowledge(incident: IncidentView): Standing {
  const { acknowledged: by } = incident.escalation;
  if (canAcknowledge(incident)) return { kind: 'asked', wait: null };
  return { kind: 'answered', ...(by && { by }) };
}

function answerOf({ completed, checklist }: IncidentView, { signal, item }: Errand) {
  if (signal === undefined) return undefined;
  if (isCompletion(signal)) return completed[signal];
  const entry = checklist.find((one) => one.item === item);
  return entry?.by && entry.at ? { by: entry.by, at: entry.at } : undefined;
}
