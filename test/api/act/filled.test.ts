import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formOf } from '../../../src/api/act/fields.ts';
import { answersOf, bodyOf } from '../../../src/api/act/filled.ts';
import { type Field, fieldsOf } from '../../../src/api/act/forms.ts';
import { signalSchemas } from '../../../src/process/signals.ts';
import { type AskedSignal, askedSignals } from '../../../src/process/waiting.ts';
import { bodies } from '../../support/incidents.ts';

const fixedOf = (signal: AskedSignal) =>
  signal === 'checklistItemDone' ? { item: 'testsAdded' as const } : {};

/** What people may type, over several lines where the field has them; as browsers send it. */
const words = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .map((text) => text.replace(/\s+/g, ' ').trim())
  .filter((text) => text !== '');
const lines = fc.array(words, { minLength: 1, maxLength: 5 }).map((all) => all.join('\r\n'));
const links = fc.webUrl();

const typed: Record<Field['kind'], (field: Field) => fc.Arbitrary<string>> = {
  choice: (field) =>
    fc.constantFrom(...(field.kind === 'choice' ? Object.keys(field.options) : [])),
  yesNo: () => fc.constantFrom('true', 'false'),
  tick: () => fc.constantFrom('true', ''),
  line: () => fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_./@:+-]{0,40}$/),
  link: () => links,
  time: () =>
    fc
      .date({
        min: new Date('2000-01-01T00:00:00Z'),
        max: new Date('2100-01-01T00:00:00Z'),
        noInvalidDate: true,
      })
      .chain((date) => fc.constantFrom(16, 19).map((end) => date.toISOString().slice(0, end))),
  prose: () => lines,
  list: ({ label }) =>
    label === 'Links' ? fc.array(links, { minLength: 1 }).map((all) => all.join('\r\n')) : lines,
};

/** A form as its page lets it be filled in: what is optional may be left empty. */
const fillings = (signal: AskedSignal) =>
  fc
    .record(
      Object.fromEntries(
        fieldsOf(signal).map(([name, field]) => [
          name,
          field.isOptional
            ? fc.oneof(fc.constant(''), typed[field.kind](field))
            : typed[field.kind](field),
        ]),
      ),
    )
    // What an approval says besides is checked by a rule of its own, below.
    .map((values) =>
      'noDataLoss' in values && values.verdict === 'approved'
        ? { ...values, noBreakingChanges: 'true', noDataLoss: 'true' }
        : values,
    );

const asBrowser = (values: Record<string, string>) =>
  new URLSearchParams(Object.entries(values).filter(([, text]) => text !== ''));

describe.each(askedSignals)('the form of %s', (signal) => {
  test('has a field for each part of the body', () => {
    const names = fieldsOf(signal).map(([name]) => name);
    const parts = Object.keys(signalSchemas[signal].shape).filter((name) => name !== 'item');
    expect(names.sort()).toEqual(parts.sort());
  });

  test('gives a body that the schema accepts, whatever is filled in', () => {
    fc.assert(
      fc.property(fillings(signal), (values) => {
        const filled = bodyOf(signal, asBrowser(values), fixedOf(signal));
        if (!filled.ok) throw new Error(JSON.stringify(filled.faults));
        expect(signalSchemas[signal].parse(filled.body)).toEqual(filled.body);
      }),
    );
  });

  test('shows again what was filled in, and what was said', () => {
    fc.assert(
      fc.property(fillings(signal), (values) => {
        const entries = asBrowser(values);
        const { markup } = formOf(signal, { entries });
        const filled = bodyOf(signal, entriesIn(markup), fixedOf(signal));
        const first = bodyOf(signal, entries, fixedOf(signal));
        expect(filled).toEqual(first);
        if (first.ok) expect(answersOf(signal, first.body).length).toBeGreaterThan(0);
      }),
      { numRuns: 30 },
    );
  });

  test('without what is needed says so at each field, and nothing else', () => {
    const filled = bodyOf(signal, new URLSearchParams(), fixedOf(signal));
    const needed = fieldsOf(signal).flatMap(([name, field]) =>
      field.isOptional || field.kind === 'tick' ? [] : [name],
    );
    expect(Object.keys(filled.ok ? {} : filled.faults).sort()).toEqual(needed.sort());
  });
});

/** What a browser would send of a form that nobody has touched. */
function entriesIn(markup: string): URLSearchParams {
  const entries = new URLSearchParams();
  for (const [, type, name = '', value = ''] of markup.matchAll(
    /<input type="(\w[\w-]*)"[^>]*? name="(\w+)"[^>]*? value="([^"]*)"(?= checked|>)/g,
  )) {
    if (type !== 'radio' && type !== 'checkbox') entries.set(name, unescaped(value));
  }
  for (const [, name = '', value = ''] of markup.matchAll(
    / name="(\w+)" value="(\w+)"[^>]* checked>/g,
  )) {
    entries.set(name, value);
  }
  for (const [, name = '', text = ''] of markup.matchAll(
    /<textarea[^>]*? name="(\w+)"[^>]*>\n([^<]*)<\/textarea>/g,
  )) {
    entries.set(name, unescaped(text).replace(/\r?\n/g, '\r\n'));
  }
  return entries;
}

const unescaped = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

const faults = (signal: AskedSignal, values: Record<string, string>) => {
  const whole = Object.fromEntries(
    Object.entries({ ...bodies[signal], ...values }).map(([name, value]) => [name, String(value)]),
  );
  const filled = bodyOf(signal, asBrowser(whole), fixedOf(signal));
  return filled.ok ? {} : filled.faults;
};

test.each<[AskedSignal, Record<string, string>, Record<string, string>]>([
  ['fixReady', { ref: '--force' }, { ref: expect.stringMatching(/^This must be a branch.*\.$/) }],
  [
    'fixReady',
    { changeUrl: 'javascript:alert(1)' },
    { changeUrl: 'This must be an http or https link.' },
  ],
  ['fixReady', { summary: 'x'.repeat(2_001) }, { summary: 'At most 2000 characters.' }],
  [
    'incidentDeclared',
    { links: 'https://a.example\nftp://b' },
    { links: 'Line 2: This must be an http or https link.' },
  ],
  [
    'incidentDeclared',
    { impactStartedAt: 'yesterday' },
    { impactStartedAt: 'This is not a time.' },
  ],
  ['preventionPlanned', { lessons: 'x\n'.repeat(31) }, { lessons: 'At most 30 lines.' }],
  ['priorityAssessed', { priority: 'P0' }, { priority: 'This is needed.' }],
  [
    'sanityChecked',
    { noDataLoss: '' },
    { verdict: expect.stringMatching(/^An approval says that/) },
  ],
])('%s with %j is refused at its field', (signal, values, expected) => {
  expect(faults(signal, values)).toEqual(expected);
});

test('a rejection needs no confirmation', () => {
  expect(
    faults('sanityChecked', { verdict: 'rejected', noDataLoss: '', noBreakingChanges: '' }),
  ).toEqual({});
});
