import { type Html, html, type Part } from '../../process/html.ts';
import { phases } from '../../process/phases.ts';
import type { IncidentView } from '../../process/view.ts';

type Row = [term: string, description: Part];

export const list = (rows: readonly Row[]): Html =>
  html`<dl>${rows.map(([term, description]) => html`<dt>${term}</dt><dd>${description}</dd>`)}</dl>`;

/** What whoever decides has to know, a card a subject; what is not known yet has no card. */
export const factsOf = (incident: IncidentView): Html[] =>
  [
    card('The fix', fixRows(incident)),
    card('The review', reviewRows(incident)),
    card('The incident', incidentRows(incident)),
  ].flatMap((one) => one ?? []);

const card = (title: string, rows: Row[]) =>
  rows.length > 0
    ? html`<section class="card"><h2>${title}</h2>${list(rows)}</section>`
    : undefined;

function fixRows({ completed: { fixReady } }: IncidentView): Row[] {
  if (!fixReady) return [];
  const { ref, summary, workaround, changeUrl, by } = fixReady;
  return [
    ['What is deployed', workaround ? `${ref} (a workaround)` : ref],
    ['What it changes', summary],
    ...(changeUrl === undefined ? [] : [['The change', linkTo(changeUrl)] as Row]),
    ['Made by', by],
  ];
}

const linkTo = (url: string): Html =>
  html`<a href="${url}" rel="noopener noreferrer" target="_blank">${url}</a>`;

/** Before the deploy the reviewers themselves are asked, and each judges alone. */
function reviewRows({ phase, completed, bypass }: IncidentView): Row[] {
  if (phases.indexOf(phase) < phases.indexOf('deploy')) return [];
  const { sanityChecked, securityChecked } = completed;
  return [
    ...(sanityChecked ? [['Sanity check', wordsOf(sanityChecked)] as Row] : []),
    ...(securityChecked ? [['Security check', wordsOf(securityChecked)] as Row] : []),
    ...(bypass ? [['Bypassed', `by ${bypass.by}: ${bypass.reason}`] as Row] : []),
  ];
}

const wordsOf = ({
  verdict,
  by,
  note,
}: {
  verdict: string;
  by: string;
  note?: string | undefined;
}) => [`${verdict} by ${by}`, note].filter(Boolean).join(': ');

function incidentRows({ completed: { incidentDeclared }, description }: IncidentView): Row[] {
  if (!incidentDeclared) return description ? [['Description', description]] : [];
  const { impact, problem, links = [], by } = incidentDeclared;
  return [
    ['Impact', impact],
    ['Problem', problem],
    ...(links.length > 0 ? [['Links', links.map((url) => html`${linkTo(url)}\n`)] as Row] : []),
    ['Declared by', by],
  ];
}
