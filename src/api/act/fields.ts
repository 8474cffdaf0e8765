import { type Html, html } from '../../process/html.ts';
import type { AskedSignal } from '../../process/waiting.ts';
import type { Entries, Faults } from './filled.ts';
import { type Field, fieldsOf } from './forms.ts';

/** What a form shows besides its fields: what was entered before, and what is wrong with it. */
export interface Entered {
  entries?: Entries;
  faults?: Faults;
}

/** The form of a signal. It is sent to the page's own address. */
export const formOf = (signal: AskedSignal, { entries, faults = {} }: Entered = {}): Html => html`
<form method="post" autocomplete="off">
${fieldsOf(signal).map(([name, field]) =>
  fieldOf(name, field, entries?.get(name) ?? '', faults[name]),
)}
<button>${signal === 'deployAuthorized' ? 'Authorize the deploy' : 'Send'}</button>
</form>`;

function fieldOf(name: string, field: Field, value: string, fault: string | undefined): Html {
  switch (field.kind) {
    case 'tick':
      return html`<div class="field tick">${option('checkbox', name, 'true', field.label, value)}${faultOf(name, fault)}</div>`;
    case 'yesNo':
      return choice(name, field, { true: 'Yes', false: 'No' }, value, fault);
    case 'choice':
      return choice(name, field, field.options, value, fault);
    default:
      return text(name, field, value, fault);
  }
}

const choice = (
  name: string,
  field: Field,
  options: Record<string, string>,
  value: string,
  fault: string | undefined,
): Html => html`<fieldset>
<legend>${field.label}</legend>
${hintOf(name, field)}
${Object.entries(options).map(([one, label]) => option('radio', name, one, label, value))}
${faultOf(name, fault)}
</fieldset>`;

const option = (
  type: 'radio' | 'checkbox',
  name: string,
  value: string,
  label: string,
  chosen: string,
): Html =>
  html`<label class="option"><input type="${type}" name="${name}" value="${value}"${type === 'radio' && html` required`}${value === chosen && html` checked`}><span>${label}</span></label>`;

function text(name: string, field: Field, value: string, fault: string | undefined): Html {
  const attributes = html` class="text" id="${name}" name="${name}"${!field.isOptional && html` required`}${fault !== undefined && html` aria-invalid="true"`} aria-describedby="${name}-hint ${name}-fault"`;
  return html`<div class="field">
<label class="label" for="${name}">${field.label}${field.isOptional && html` <span class="quiet">(optional)</span>`}</label>
${hintOf(name, field)}
${
  field.kind === 'prose' || field.kind === 'list'
    ? html`<textarea${attributes}>\n${value}</textarea>`
    : html`<input type="${inputTypes[field.kind] ?? 'text'}"${attributes} value="${value}">`
}
${faultOf(name, fault)}
</div>`;
}

const inputTypes: Partial<Record<Field['kind'], string>> = { link: 'url', time: 'datetime-local' };

const hintOf = (name: string, { hint }: Field) =>
  hint !== undefined && html`<p class="quiet" id="${name}-hint">${hint}</p>`;

const faultOf = (name: string, fault: string | undefined) =>
  fault !== undefined && html`<p class="fault" id="${name}-fault">${fault}</p>`;
