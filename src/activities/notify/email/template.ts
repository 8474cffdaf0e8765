import { type Html, html } from '../../../process/html.ts';
import type { Card } from '../../../process/notifications.ts';
import { isSamePerson } from '../../../process/people.ts';
import { phaseTitles, roles } from '../../../process/phases.ts';
import { taskOf, type Wait, whoOf } from '../../../process/waiting.ts';
import type { Addressed, Recipient } from '../types.ts';
import { clockOf, limitOf } from '../words.ts';

/** One mail: the message as one recipient reads it. */
export interface Letter {
  message: Addressed;
  recipient: Recipient;
  /** Where the incident can be looked at. */
  page: string | undefined;
}

interface Tone {
  label: string;
  colour: string;
}

const urgent: Tone = { label: 'Act now', colour: '#c0362c' };
const toneOf = ({ message: { kind, urgency, incident } }: Letter): Tone => {
  if (kind === 'escalation') {
    const { level } = incident.escalation;
    return { ...urgent, label: level > 0 ? `Escalation, level ${level}` : 'Escalation' };
  }
  if (urgency === 'page') return urgent;
  return { label: 'For your information', colour: '#2c5f8a' };
};

const factsOf = ({ incidentId, service, incident, at }: Addressed): [string, string][] => [
  ...fixOf(incident),
  ['Service', service],
  ['Status', incident.priority ? `${incident.status}, ${incident.priority}` : incident.status],
  ['Phase', `${phaseTitles[incident.phase]}, attempt ${incident.attempt}`],
  ['Opened', clockOf(incident.openedAt, at)],
  ['Incident', incidentId],
];

const fixOf = ({ fix }: Card): [string, string][] =>
  fix ? [['Fix', `${fix.ref} by ${fix.by}: ${fix.summary} ${fix.changeUrl ?? ''}`.trim()]] : [];

const isFor = ({ assignees }: Wait, { id }: Recipient): boolean =>
  assignees.some((one) => isSamePerson(one, id));

interface Task {
  wait: Wait;
  isYours: boolean;
}

/** What the recipient can do first; of the others they only hear. */
const tasksOf = ({ message, recipient }: Letter): Task[] =>
  message.incident.waitingFor
    .map((wait) => ({ wait, isYours: isFor(wait, recipient) }))
    .sort((one, other) => Number(other.isYours) - Number(one.isYours));

interface Action {
  label: string;
  url: string;
}

function actionOf({ message, recipient, page }: Letter): Action | null {
  const isAsked = taskOf(message.incident.waitingFor, recipient.id) !== undefined;
  const label = isAsked ? 'Do your part' : 'See it and acknowledge';
  if (recipient.link) return { label, url: recipient.link };
  return page ? { label: 'Open the incident', url: page } : null;
}

/** The incident's title, where the subject does not have it already. */
const titleOf = ({ message: { title, subject } }: Letter): string | null =>
  subject.includes(title) ? null : title;

const why = ({ message, recipient }: Letter): string =>
  `This goes to ${recipient.name}, who takes part in the incidents of ${message.service}.`;

/** The mail for readers that show plain text. */
export function renderText(letter: Letter): string {
  const { message } = letter;
  const action = actionOf(letter);
  const facts = factsOf(message).map(([name, value]) => `${name}: ${value}`);
  const tasks = tasksOf(letter).map(({ wait, isYours }) =>
    [`- ${isYours ? 'You, ' : ''}${whoOf(wait)}`, wait.task, limitOf(wait, message.at), wait.advice]
      .filter(Boolean)
      .join('\n  '),
  );
  return [
    toneOf(letter).label.toUpperCase(),
    message.subject,
    titleOf(letter),
    message.intro,
    ...(tasks.length > 0 ? ['Waited for:', tasks.join('\n')] : []),
    ...(action ? [`${action.label}: ${action.url}`] : []),
    ...(message.news.length > 0 ? ['Since the last message:', message.news.join('\n')] : []),
    facts.join('\n'),
    why(letter),
  ]
    .filter(Boolean)
    .join('\n\n')
    .concat('\n');
}

/**
 * The mail for the others. Styles are inline, since many readers take nothing else; the style sheet only
 * adds the dark colours and the narrow screen. Nothing is loaded from elsewhere.
 */
export function renderHtml(letter: Letter): string {
  const { message } = letter;
  const tone = toneOf(letter);
  const tasks = tasksOf(letter);
  const action = actionOf(letter);
  const title = titleOf(letter);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${message.subject}</title>
<style>${sheet}</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f2f3f5;color:#1d2127;${font}">
<div style="display:none;max-height:0;overflow:hidden;">${preview(letter)}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td class="around" align="center" style="padding:24px 12px;">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;background:#ffffff;border-radius:8px;border-top:6px solid ${tone.colour};"><tr><td class="inside" align="left" style="padding:24px 28px;">
<p style="margin:0 0 12px;"><span style="display:inline-block;padding:3px 10px;border-radius:12px;background:${tone.colour};color:#ffffff;font-size:13px;line-height:18px;font-weight:bold;">${tone.label}</span></p>
<h1 class="strong" style="margin:0 0 12px;font-size:21px;line-height:28px;color:#1d2127;">${message.subject}</h1>
${title === null ? null : subtitle(title)}
${message.intro ? quote(message.intro) : null}
${tasks.length > 0 ? heading('Waited for') : null}
${tasks.map((one) => task(one, message.at))}
${action ? button(action, tone) : null}
${message.news.length > 0 ? [heading('Since the last message'), quote(message.news.join('\n'))] : null}
${facts(message)}
</td></tr></table>
<p class="quiet" style="max-width:600px;margin:16px auto 0;font-size:12px;line-height:18px;color:#5b6470;">${why(letter)}</p>
</td></tr></table>
</body>
</html>
`.markup;
}

const font =
  "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;-webkit-text-size-adjust:100%;";

const sheet = html`
@media (max-width:480px){.around{padding:0 !important}.inside{padding:20px 16px !important}.card{border-radius:0 !important}.act{display:block !important;text-align:center}}
@media (prefers-color-scheme:dark){.page{background:#14171b !important;color:#e6e8eb !important}.card{background:#1f242b !important}.strong{color:#f4f5f7 !important}.quiet{color:#a9b1bc !important}.quote{background:#2a3039 !important;color:#e6e8eb !important}.task{border-color:#3a424d !important}.yours{background:#3a2f14 !important}}
`;

/** What lists of mails show beside the subject. */
const preview = ({ message }: Letter): string =>
  [message.intro, ...message.incident.waitingFor.map(whoOf)].filter(Boolean).join(' · ');

const subtitle = (text: string): Html =>
  html`<p class="quiet" style="margin:-8px 0 16px;font-size:15px;line-height:22px;color:#5b6470;">${text}</p>`;

const quote = (text: string): Html =>
  html`<div class="quote" style="margin:0 0 20px;padding:12px 16px;border-radius:6px;background:#f2f3f5;font-size:15px;line-height:22px;white-space:pre-wrap;overflow-wrap:anywhere;">${text}</div>`;

const heading = (text: string): Html =>
  html`<h2 class="quiet" style="margin:0 0 8px;font-size:13px;line-height:18px;font-weight:bold;color:#5b6470;">${text}</h2>`;

const task = ({ wait, isYours }: Task, at: string): Html => {
  const who = wait.assignees.join(', ') || 'anybody';
  return html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 10px;"><tr><td class="task${isYours ? ' yours' : ''}" style="padding:10px 14px;border:1px solid #d9dde2;border-radius:6px;${isYours ? 'background:#fff6e0;' : ''}font-size:15px;line-height:22px;overflow-wrap:anywhere;">
<strong class="strong">${isYours ? 'You' : roles[wait.role].title}</strong> <span class="quiet" style="color:#5b6470;">${isYours ? roles[wait.role].title : who}</span><br>
${wait.task}<br>
<span class="quiet" style="color:#5b6470;font-size:13px;">${limitOf(wait, at)}</span>${wait.advice ? html`<br><em>${wait.advice}</em>` : null}
</td></tr></table>
`;
};

const button = ({ label, url }: Action, { colour }: Tone): Html =>
  html`<p style="margin:16px 0 24px;"><a class="act" href="${url}" style="display:inline-block;padding:12px 24px;border-radius:6px;background:${colour};color:#ffffff;font-size:16px;line-height:22px;font-weight:bold;text-decoration:none;">${label}</a></p>`;

const facts = (message: Addressed): Html =>
  html`<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 0;font-size:13px;line-height:20px;">${factsOf(
    message,
  ).map(
    ([name, value]) =>
      html`<tr><td class="quiet" style="padding:0 16px 0 0;color:#5b6470;vertical-align:top;">${name}</td><td style="overflow-wrap:anywhere;">${value}</td></tr>`,
  )}</table>`;
