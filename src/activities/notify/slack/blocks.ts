import type { ActionsBlockElement, Button, KnownBlock } from '@slack/web-api';
import { acknowledgementOf, type QuickAnswer, quickAnswersTo } from '../../../process/answers.ts';
import { cut } from '../../../process/cut.ts';
import type { Status } from '../../../process/events.ts';
import { slackText } from '../../../process/markdown.ts';
import type { Card } from '../../../process/notifications.ts';
import { phaseTitles, roles } from '../../../process/phases.ts';
import type { Wait } from '../../../process/waiting.ts';
import type { Addressed } from '../types.ts';

/** What Slack shows: blocks, and the text for notifications and old clients. */
export interface Said {
  text: string;
  blocks: KnownBlock[];
}

export interface Look {
  /** Where the incident can be looked at. */
  page: string | undefined;
  /** Whether presses of buttons come back. */
  hasButtons: boolean;
}

/** Limits of Block Kit, in characters: https://docs.slack.dev/reference/block-kit/blocks */
const longest = { header: 150, section: 3_000, plain: 2_900, line: 500, option: 30 };

const icons: Record<Status, string> = {
  open: '🔥',
  mitigated: '🩹',
  closed: '✅',
  declined: '⚪',
  aborted: '⚪',
};

/** Text in a line of markup: escaped, and short enough to fit however much of it is escaped. */
const inline = (text: string): string => slackText(cut(text.replace(/\s+/g, ' '), longest.line));

/** A time in the reader's own zone. */
const time = (iso: string): string =>
  `<!date^${Math.floor(Date.parse(iso) / 1000)}^{date_short_pretty} {time}|${iso.slice(0, 16).replace('T', ' ')} UTC>`;

/** The one message of an incident, as it stands. */
export function cardOf(message: Addressed, look: Look): Said {
  const { incident, title, service } = message;
  const { status, explanation } = incident;
  const facts = [
    `*Status*\n${incident.priority ? `${status}, ${incident.priority}` : status}`,
    `*Phase*\n${phaseTitles[incident.phase]}, attempt ${incident.attempt}`,
    `*Service*\n${inline(service)}`,
    `*Opened*\n${time(incident.openedAt)}`,
  ];
  const blocks: KnownBlock[] = [
    { type: 'header', text: plain(`${icons[status]} ${title}`, longest.header) },
    { type: 'section', fields: facts.map((text) => ({ type: 'mrkdwn', text })) },
    ...(incident.fix ? [paragraph(fixOf(incident.fix))] : []),
    ...(incident.waitingFor.length === 0 ? [paragraph(inline(explanation))] : []),
    ...incident.waitingFor.flatMap((wait) => waitBlocks(wait, message, look)),
    ...escalationBlocks(message, look),
    context(footer(message, look)),
  ];
  return { text: `${icons[status]} ${inline(title)}: ${inline(explanation)}`, blocks };
}

function fixOf({ ref, summary, by, changeUrl }: NonNullable<Card['fix']>): string {
  const name = changeUrl ? link(changeUrl, ref) : inline(ref);
  return `*Fix* ${name} by ${inline(by)}\n${inline(summary)}`;
}

/** A link; what would end it early is encoded, as it may be in any address. */
const link = (url: string, label: string): string =>
  `<${slackText(url.replace(/[|<>]/g, encodeURIComponent))}|${inline(label)}>`;

function waitBlocks(wait: Wait, { incidentId, incident, at }: Addressed, look: Look): KnownBlock[] {
  const who = wait.assignees.map(inline).join(', ') || 'anybody';
  const due = `${at < wait.deadline ? 'until' : '*late*, was due'} ${time(wait.deadline)}`;
  const lines = [
    `*${roles[wait.role].title}* (${cut(who, longest.line)})`,
    inline(wait.task),
    ...(wait.advice ? [`_${inline(wait.advice)}_`] : []),
    due,
  ];
  const answers = look.hasButtons ? quickAnswersTo(wait, incidentId, incident) : [];
  const form = answers.length > 0 ? 'Other answers' : 'Open the form';
  const section: KnownBlock = {
    ...paragraph(lines.join('\n')),
    ...(look.page && { accessory: linkButton(form, look.page, `open:${wait.signal}`) }),
  };
  return answers.length === 0 ? [section] : [section, actions(answers.map(pressButton))];
}

function escalationBlocks(message: Addressed, look: Look): KnownBlock[] {
  const { level, acknowledged } = message.incident.escalation;
  if (level === 0 || message.incident.waitingFor.length === 0) return [];
  const words = acknowledged
    ? `🙋 ${inline(acknowledged.by)} has it in hand since ${time(acknowledged.at)}`
    : `🚨 Escalated to level ${level}`;
  const answer = acknowledgementOf(message.incidentId, message.incident);
  return [
    paragraph(words),
    ...(answer && look.hasButtons ? [actions([pressButton(answer, 0)])] : []),
  ];
}

const footer = ({ incidentId, at }: Addressed, { page }: Look): string =>
  [
    `Incident ${incidentId}`,
    `as of ${time(at)}`,
    ...(page ? [link(page, 'Open the incident')] : []),
  ].join(' · ');

/** What is added to the thread: who has to act is mentioned. */
export function replyOf(message: Addressed): Said {
  const { subject, intro, news, urgency, to } = message;
  const mentions = to.flatMap(({ contacts: { slack } }) => (slack ? [`<@${slack}>`] : []));
  const others = to.filter(({ contacts }) => !contacts.slack).map(({ name }) => inline(name));
  const called = cut([...mentions, ...others].join(' '), longest.section);
  const text = `*${inline(subject)}*`;
  return {
    text: urgency === 'page' ? `${called} ${inline(subject)}` : inline(subject),
    blocks: [
      paragraph(text),
      ...(intro ? [section(plain(intro, longest.plain))] : []),
      ...(news.length > 0 ? [section(plain(news.join('\n'), longest.plain))] : []),
      ...(urgency === 'page' && called ? [paragraph(called)] : []),
    ],
  };
}

const section = (text: { type: 'plain_text'; text: string }): KnownBlock => ({
  type: 'section',
  text,
});

const paragraph = (text: string) => ({
  type: 'section' as const,
  text: { type: 'mrkdwn' as const, text: cut(text, longest.section) },
});

const context = (text: string): KnownBlock => ({
  type: 'context',
  elements: [{ type: 'mrkdwn', text }],
});

const actions = (elements: ActionsBlockElement[]): KnownBlock => ({ type: 'actions', elements });

/** What people wrote is shown as they wrote it. */
const plain = (text: string, most: number) => ({
  type: 'plain_text' as const,
  text: cut(text, most),
});

const linkButton = (label: string, url: string, action: string): Button => ({
  type: 'button',
  action_id: action,
  text: plain(label, 75),
  url,
});

const styles = { good: { style: 'primary' }, bad: { style: 'danger' }, plain: {} } as const;

/** What is decided by a press is asked once more; that somebody has it in hand is not. */
function pressButton({ label, style, meaning, press }: QuickAnswer, index: number): Button {
  return {
    type: 'button',
    action_id: `press:${press.signal}:${index}`,
    text: plain(label, 75),
    value: JSON.stringify(press),
    ...styles[style],
    ...(style !== 'plain' && {
      confirm: {
        title: plain(label, 100),
        text: plain(meaning, 300),
        confirm: plain('Yes', longest.option),
        deny: plain('Not yet', longest.option),
        ...styles[style],
      },
    }),
  };
}
