import { cut } from '../../../process/cut.ts';
import type { Card } from '../../../process/notifications.ts';
import { phaseTitles, roles } from '../../../process/phases.ts';
import type { Wait } from '../../../process/waiting.ts';
import type { Addressed } from '../types.ts';
import { clockOf, isSolved, limitOf } from '../words.ts';

/**
 * Parts of an Adaptive Card: https://adaptivecards.io/explorer/. Text goes into runs, in which Teams knows no
 * markup, so that what people wrote is shown as they wrote it.
 */
interface Run {
  type: 'TextRun';
  text: string;
  weight?: 'Bolder';
  size?: 'Large';
  isSubtle?: boolean;
}

type Part =
  | { type: 'RichTextBlock'; inlines: Run[]; spacing?: 'Small' | 'None' }
  | { type: 'FactSet'; facts: { title: string; value: string }[] }
  | { type: 'Container'; style?: string; items: Part[]; separator?: boolean };

/** As a whole, with everything around the card; in bytes. Teams takes about 28 KB, some of it its own. */
const largest = 26 * 1024;

/** So many characters of each text, tried in turn until the card is small enough. */
const lengths = [4_000, 1_000, 300, 60];

/** The body of the request: the card of a message, in the envelope that workflows take. */
export function envelopeOf(message: Addressed, page: string | undefined): string {
  const bodies = lengths.map((longest) => JSON.stringify(envelope(message, page, longest)));
  return bodies.find((body) => Buffer.byteLength(body) <= largest) ?? (bodies.at(-1) as string);
}

function envelope(message: Addressed, page: string | undefined, longest: number) {
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    fallbackText: cut(message.subject, longest),
    body: partsOf(message, longest),
    ...(page && { actions: [{ type: 'Action.OpenUrl', title: 'Open the incident', url: page }] }),
    msteams: { width: 'Full' },
  };
  const contentType = 'application/vnd.microsoft.card.adaptive';
  return { type: 'message', attachments: [{ contentType, contentUrl: null, content }] };
}

function partsOf(message: Addressed, longest: number): Part[] {
  const { incident, subject, title, intro, to } = message;
  const named = to.map(({ name }) => name).join(', ');
  return [
    {
      type: 'Container',
      style: styleOf(message),
      items: [
        text(run(cut(subject, longest), { weight: 'Bolder', size: 'Large' })),
        ...(subject.includes(title) ? [] : [text(run(cut(title, longest), { isSubtle: true }))]),
      ],
    },
    ...(message.urgency === 'page' ? [text(bold('For '), run(cut(named, longest)))] : []),
    ...paragraphs(cut(intro, longest)),
    ...paragraphs(cut(message.news.join('\n'), longest), { isSubtle: true }),
    ...(incident.fix ? [fixOf(incident.fix, longest)] : []),
    ...incident.waitingFor.map((wait) => waitOf(wait, message.at, longest)),
    { type: 'FactSet', facts: factsOf(message) },
  ];
}

const styleOf = ({ urgency, incident }: Addressed): string => {
  if (isSolved(incident)) return 'good';
  return urgency === 'page' ? 'attention' : 'emphasis';
};

/** A run ends at a line's end. */
const paragraphs = (words: string, look: Partial<Run> = {}): Part[] =>
  words
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => ({ ...text(run(line, look)), spacing: 'Small' as const }));

const fixOf = ({ ref, by, summary }: NonNullable<Card['fix']>, longest: number): Part =>
  text(bold('Fix '), run(cut(`${ref} by ${by}: ${summary}`, longest)));

function waitOf(wait: Wait, at: string, longest: number): Part {
  const who = wait.assignees.join(', ') || 'anybody';
  const lines = [
    text(bold(`${roles[wait.role].title} `), run(cut(who, longest))),
    text(run(wait.task)),
    ...(wait.advice ? [text(run(cut(wait.advice, longest)))] : []),
    text(run(limitOf(wait, at), { isSubtle: true })),
  ].map((part) => ({ ...part, spacing: 'None' as const }));
  return { type: 'Container', separator: true, items: lines };
}

/** Facts know markup: only what cannot have any is one. */
const factsOf = ({ incident, service, incidentId, at }: Addressed) =>
  [
    ['Status', incident.priority ? `${incident.status}, ${incident.priority}` : incident.status],
    ['Phase', `${phaseTitles[incident.phase]}, attempt ${incident.attempt}`],
    ['Service', service],
    ['Opened', clockOf(incident.openedAt, at)],
    ['Incident', incidentId],
  ].map(([title = '', value = '']) => ({ title, value }));

const text = (...inlines: Run[]) => ({ type: 'RichTextBlock' as const, inlines });
const run = (words: string, look: Partial<Run> = {}): Run => ({
  type: 'TextRun',
  text: words,
  ...look,
});
const bold = (words: string): Run => run(words, { weight: 'Bolder' });
