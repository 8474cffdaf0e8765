import type { Errand } from '../../links/links.ts';
import { phaseTitles, roles } from '../../process/phases.ts';
import type { IncidentView } from '../../process/view.ts';
import type { Wait } from '../../process/waiting.ts';
import { factsOf } from './facts.ts';
import { type Entered, formOf } from './fields.ts';
import { type Html, html } from './html.ts';
import type { Page } from './layout.ts';
import { distanceWords, timeWords } from './words.ts';

export interface Task {
  errand: Errand;
  incident: IncidentView & { stale: boolean };
  wait: Wait;
}

/**
 * What is decided, what is known of it, and the form. `notice` says why it is shown again; then the
 * form comes first.
 */
export const taskPage = (
  task: Task,
  now: Date,
  { notice, status = 200, ...entered }: Entered & { notice?: string; status?: number } = {},
): Page => {
  const { errand, incident, wait } = task;
  const facts = factsOf(incident);
  const answer = html`<section class="card"><h2>Your answer</h2>${formOf(wait.signal, entered)}</section>`;
  return {
    status,
    title: incident.title,
    content: html`${headOf(incident)}
${notice !== undefined && warning(notice)}
${incident.stale && warning(stale)}
${askedCard(task, now)}
${notice === undefined ? [facts, answer] : [answer, facts]}
<p class="quiet">This link is yours alone: whoever sends it acts as ${errand.person}. It acts once.</p>`,
  };
};

const stale =
  'No worker answers now, so this is what was known last. What you send is recorded, and applied as soon as one is back.';

const askedCard = ({ errand, wait }: Task, now: Date): Html => html`<section class="card">
<h2>${wait.task}</h2>
<p>${askedOf(errand, wait, now)}</p>
${wait.advice !== undefined && html`<p class="kept"><strong>${wait.advice}</strong></p>`}
</section>`;

const warning = (text: string): Html => html`<p class="card warn">${text}</p>`;

export const headOf = (incident: IncidentView): Html => {
  const { phase, attempt, priority, service } = incident;
  const place = [phaseTitles[phase], `attempt ${attempt}`, priority].filter(Boolean).join(' · ');
  return html`<p class="quiet">${place} · ${service}</p>
<h1>${incident.title}</h1>`;
};

function askedOf({ person }: Errand, { role, deadline }: Wait, now: Date): Html {
  const isLate = Date.parse(deadline) < now.getTime();
  const limit = `${timeWords(deadline, now)} (${distanceWords(deadline, now)})`;
  const words = isLate
    ? html`<strong>It was due at ${limit}</strong>, and is still waited for.`
    : html`It is due at <strong>${limit}</strong>.`;
  return html`Asked of <strong>${person}</strong>, ${roles[role].title.toLowerCase()}. ${words}`;
}
