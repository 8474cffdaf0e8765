import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byEmail, namedIn, namesNobody } from '../../../src/activities/oncall/names.ts';
import type { Person } from '../../../src/activities/oncall/types.ts';

const person = (id: string, name: string): Person => ({ id, name, contacts: {} });
const ids = (found: readonly Person[]) => found.map(({ id }) => id);

describe('whom a title names', () => {
  test.each([
    ['On call - Jean-Luc Petit', 'jl'],
    ["Primary: D'Arcy (O'Neil)", 'darcy'],
    ['Ito, Ana', 'anaito'],
    ['ito,  ana', 'anaito'],
    ['Ana', 'ana'],
    ['Ana Itoh', ''],
    ['Z\u006f\u0065\u0308 on call', 'zoe'],
    ['Zoe on call', ''],
    ['$& and [x].* (C++) on call', 'cpp'],
  ])('%s', (title, id) => {
    const people = [
      person('ana', 'Ana Maria Lopez'),
      person('anaito', 'Ana Ito'),
      person('jl', 'Jean-Luc Petit'),
      person('darcy', "D'Arcy (O'Neil)"),
      person('zoe', 'Zo\u00eb'),
      person('cpp', '[x].* (C++)'),
    ];
    expect(ids(namedIn(people, title)).join()).toBe(id);
  });

  test('whatever their names are made of, each is found and nobody throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        const people = [person('the-id', name), person('other', 'Jean-Luc *+?^()|[]{}$\\/')];
        const found = ids(namedIn(people, `On call - ${name} - shop`));
        if (name.normalize('NFC').trim() !== '') expect(found).toContain('the-id');
      }),
    );
  });
});

test.each([
  ['No one is on call', true],
  ['On Call - No one', true],
  ['Nobody', true],
  ['Nobody Jones', false],
  ['Ana', false],
])('whether "%s" says that nobody is on call', (title, expected) => {
  expect(namesNobody(title)).toBe(expected);
});

test('an address is found in whatever form its letters come', () => {
  const zoe = { ...person('zoe', 'Zoë'), contacts: { email: 'zo\u00eb@example.com' } };
  expect(byEmail([zoe], ' ZOE\u0308@example.com ')?.id).toBe('zoe');
});
