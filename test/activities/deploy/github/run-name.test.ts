import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillIn, readName } from '../../../../src/activities/deploy/github/run-name.ts';

const template = '{action} {ref} to {environment} [{key}]';
const word = fc.stringMatching(/^[\w.+$^-]+$/);
const values = fc.record({ action: word, ref: word, environment: word, key: word });

test('what was filled in is read back', () => {
  fc.assert(
    fc.property(values, (filled) => {
      expect({ ...readName(template, fillIn(template, filled)) }).toEqual(filled);
    }),
  );
});

test.each([
  ['a run by hand has no key', template, 'deploy v7 to production []', { key: '', ref: 'v7' }],
  [
    'a ref with spaces',
    template,
    'deploy v7 to go to production [k]',
    { ref: 'v7', environment: 'go to production' },
  ],
  ['signs that mean something elsewhere', '({key}) {ref}?', '(k) v1?', { key: 'k', ref: 'v1' }],
  ['the same twice', '{key}: {ref} {key}', 'k: v1 k', { key: 'k', ref: 'v1' }],
])('%s', (_, pattern, name, expected) => {
  expect(readName(pattern, name)).toMatchObject(expected);
});

test.each([
  ['another name', template, 'Merge pull request #7'],
  ['not the same twice', '{key}: {ref} {key}', 'k: v1 other'],
])('%s is not understood', (_, pattern, name) => {
  expect(readName(pattern, name)).toBeUndefined();
});
