import type { Errand } from '../../links/links.ts';
import type { IncidentEvent } from '../../process/events.ts';
import { type Html, html, type Part } from '../../process/html.ts';
import { phaseTitles } from '../../process/phases.ts';
import type { IncidentView } from '../../process/view.ts';
import type { AskedSignal } from '../../process/waiting.ts';
import { list } from './facts.ts';
import { answersOf } from './filled.ts';
import type { Page } from './layout.ts';
import type { Standing } from './standing.ts';
import { headOf } from './task.ts';
import { timeWords } from './words.ts';

export const gone = 410;

/** A page that says one thing, of an incident where it is known. */
const tell = (
  status: number,
  title: string,
  text: Part,
  incident?: IncidentView,
  more?: Html,
): Page => ({
  status,
  title,
  content: html`${incident && headOf(incident)}
<section class="card"><h2>${title}</h2><p>${text}</p>${more}</section>
${incident && html`<p class="quiet">Now: ${incident.explanation}</p>`}`,
});

const instead =
  'The newest message has a link that is good; without one, ask whoever manages the incident.';

export const invalidPage = (): Page =>
  tell(
    403,
    'This link is not good',
    `It is not one of ours, or not whole: open it from the message itself. ${instead}`,
  );

export const expiredPage = (): Page =>
  tell(gone, 'This link has expired', `Nothing was decided by opening it. ${instead}`);

/** Why there is nothing to decide any more. */
export function closedPage(
  { phase, attempt, signal }: Errand,
  incident: IncidentView,
  standing: Exclude<Standing, { kind: 'asked' }>,
  now: Date,
): Page {
  switch (standing.kind) {
    case 'incidentOver':
      return tell(
        gone,
        `The incident is ${incident.status}`,
        'Nothing is left to decide here.',
        incident,
      );
    case 'phaseOver':
      return tell(
        gone,
        'This is decided',
        `You were asked in ${phaseTitles[phase]}, attempt ${attempt}, which is over. Where you are asked again, a new message has a new link.`,
        incident,
      );
    case 'answered':
      return tell(
        gone,
        'This is not asked any more',
        standing.by
          ? `${standing.by.by} has ${signal === undefined ? 'acknowledged it' : 'answered'} at ${timeWords(standing.by.at, now)}.`
          : 'Nobody is waited for just now.',
        incident,
      );
    case 'handedOver':
      return tell(
        403,
        'This is not yours any more',
        `The role was handed over: ${standing.wait.assignees.join(', ')} is asked now.`,
        incident,
      );
  }
}

/** What was said by a link, as the record has it: `isNew` where this very call said it. */
export function saidPage(
  signal: AskedSignal,
  incident: IncidentView,
  event: IncidentEvent,
  isNew: boolean,
  now: Date,
): Page {
  const when = `${event.by} at ${timeWords(event.at, now)}`;
  if (event.type === 'signalRefused') {
    const { code, reason, body } = event.data;
    const status = isNew ? (code === 'not_your_role' ? 403 : 409) : gone;
    const title = isNew ? 'This was refused' : 'This link was used, and refused';
    return tell(status, title, reason, incident, answers(signal, body, when));
  }
  return isNew
    ? tell(
        200,
        'Done',
        'Your answer is on the record.',
        incident,
        answers(signal, event.data, when),
      )
    : tell(
        gone,
        'This link was used already',
        'What was said first stands; nothing was changed now.',
        incident,
        answers(signal, event.data, when),
      );
}

const answers = (signal: AskedSignal, body: unknown, when: string): Html =>
  list([
    ...(typeof body === 'object' && body !== null ? answersOf(signal, body) : []),
    ['Said by', when],
  ]);

export const recordedPage = (incident: IncidentView): Page =>
  tell(
    202,
    'Recorded',
    'No worker has answered yet, or a rota is still being asked. Your answer is kept, and decided as soon as one has: you need not send it again.',
    incident,
  );

/** What went wrong on our side, or with the request. */
export const troublePage = (status: number, code: string): Page => {
  const { title, text } = troubles[code] ?? {
    title: 'Something went wrong here',
    text: 'The log of the API says what. Try the link again in a moment.',
  };
  return tell(status, title, text);
};

const troubles: Record<string, { title: string; text: string }> = {
  incident_not_found: { title: 'There is no such incident', text: 'It may be too long ago.' },
  incident_over: { title: 'The incident is over', text: 'Nothing is left to decide here.' },
  temporal_unreachable: {
    title: 'Not now',
    text: 'Temporal does not answer. Go back and try again in a moment: what you send counts once, however often.',
  },
  no_worker: { title: 'Not now', text: 'No worker answers. Try the link again in a moment.' },
  incident_stuck: {
    title: 'Not now',
    text: 'A worker cannot go on with this incident: tell whoever runs Hotfix, and try the link again later.',
  },
  incident_paused: {
    title: 'The incident is paused',
    text: 'Tell whoever runs Hotfix to unpause it in Temporal, and try the link again later.',
  },
  too_many_signals: {
    title: 'This is too much at once',
    text: 'Nothing was recorded. Go back, wait a minute, and send it again.',
  },
  too_large: { title: 'This is too long', text: 'Go back, and say it in fewer words.' },
  unsupported_media_type: {
    title: 'This cannot be read',
    text: 'Send the form of the page itself.',
  },
};
