import type { Errand } from '../../links/links.ts';
import { canAcknowledge } from '../../process/answers.ts';
import { type Html, html } from '../../process/html.ts';
import { phaseTitles, roles } from '../../process/phases.ts';
import type { IncidentView } from '../../process/view.ts';
import { type Wait, whoOf } from '../../process/waiting.ts';
import { factsOf, list } from './facts.ts';
import { type Entered, formOf } from './fields.ts';
import type { Page } from './layout.ts';
import { momentWords, timeWords } from './words.ts';

export interface Task {
  errand: Errand;
  incident: IncidentView & { stale: boolean; problem: string | null };
  /** Null where the link is there to acknowledge an escalation and no more. */
  wait: Wait | null;
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
  const answer =
    wait &&
    html`<section class="card"><h2>Your answer</h2>${formOf(wait.signal, entered)}</section>`;
  return {
    status,
    title: incident.title,
    content: html`${headOf(incident)}
${notice !== undefined && warning(notice)}
${incident.stale && warning(incident.problem ?? stale)}
${wait ? askedCard(errand, wait, now) : waitsCard(incident.waitingFor, now)}
${escalationCard(incident, now)}
${notice === undefined ? [facts, answer] : [answer, facts]}
<p class="quiet">This link is yours alone: whoever sends it acts as ${errand.person}. It acts once.</p>`,
  };
};

const stale =
  'No worker answers now, so this is what was known last. What you send is recorded, and applied as soon as one is back.';

const askedCard = (errand: Errand, wait: Wait, now: Date): Html => html`<section class="card">
<h2>${wait.task}</h2>
<p>${askedOf(errand, wait, now)}</p>
${wait.advice !== undefined && html`<p class="kept"><strong>${wait.advice}</strong></p>`}
</section>`;

/** What others are waited for, for whom nothing is asked of. */
const waitsCard = (waits: Wait[], now: Date): Html => html`<section class="card">
<h2>Waited for</h2>
${list(waits.map((wait) => [whoOf(wait), html`${wait.task} ${limitWords(wait.deadline, now)}`]))}
</section>`;

/** Beside an answer, since whoever is at it can say so before they have one. */
function escalationCard(incident: IncidentView, now: Date): Html | false {
  const { level, nextAt, acknowledged } = incident.escalation;
  const next = momentWords(nextAt, now);
  if (acknowledged) {
    return html`<p class="card">${acknowledged.by} has it in hand since ${timeWords(acknowledged.at, now)}. Who comes next is told at ${next}, unless it is decided by then.</p>`;
  }
  return (
    canAcknowledge(incident) &&
    html`<section class="card">
<h2>It has escalated to level ${level}</h2>
<p>Who comes next is told at <strong>${next}</strong>. Say that you have it in hand, and that waits for a while.</p>
<form method="post"><button class="plain" name="${acknowledgeName}" value="true">I have it in hand</button></form>
</section>`
  );
}

/** The field by which the form of an acknowledgement is told from an answer. */
export const acknowledgeName = 'acknowledge';

const warning = (text: string): Html => html`<p class="card warn">${text}</p>`;

export const headOf = (incident: IncidentView): Html => {
  const { phase, attempt, priority, service } = incident;
  const place = [phaseTitles[phase], `attempt ${attempt}`, priority].filter(Boolean).join(' · ');
  return html`<p class="quiet">${place} · ${service}</p>
<h1>${incident.title}</h1>`;
};

function askedOf({ person }: Errand, { role, deadline }: Wait, now: Date): Html {
  return html`Asked of <strong>${person}</strong>, ${roles[role].title.toLowerCase()}. ${limitWords(deadline, now)}`;
}

function limitWords(deadline: string, now: Date): Html {
  const limit = momentWords(deadline, now);
  return Date.parse(deadline) < now.getTime()
    ? html`<strong>It was due at ${limit}</strong>, and is still waited for.`
    : html`It is due at <strong>${limit}</strong>.`;
}
