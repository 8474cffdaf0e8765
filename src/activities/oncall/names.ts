import type { Person } from './types.ts';

const isSame = (one: string, other: string | undefined): boolean =>
  other !== undefined && one.trim().toLowerCase() === other.trim().toLowerCase();

/** Whose address it is; case does not matter. */
export const byEmail = (people: readonly Person[], email: string): Person | undefined =>
  people.find(({ contacts }) => isSame(email, contacts.email));

/** Who is called so: by id, name or address. */
export const byName = (people: readonly Person[], text: string): Person | undefined =>
  people.find(
    ({ id, name, contacts }) =>
      isSame(text, id) || isSame(text, name) || isSame(text, contacts.email),
  );

/** Between the parts of a title: `Ana, Ben`, `Primary: Ana`, `On call - Ana - shop`. */
const separators = /[,;:|/+&()[\]]|\s[-–—]\s/;

/**
 * Whom a title names: each part of it that is an id, and each name or address that stands in it as
 * whole words. A longer name goes first, so that `Ana Ito` is not taken for another `Ana`.
 */
export function namedIn(people: readonly Person[], title: string): Person[] {
  const parts = title.split(separators);
  const ids = people.filter(({ id }) => parts.some((part) => isSame(part, id)));
  let rest = title;
  const names = people
    .flatMap((person) =>
      [person.name, person.contacts.email].flatMap((text) => (text ? [{ person, text }] : [])),
    )
    .toSorted((one, other) => other.text.length - one.text.length)
    .filter(({ text }) => {
      const before = rest;
      rest = rest.replace(wholeWords(text), ' ');
      return rest !== before;
    })
    .map(({ person }) => person);
  return [...new Set([...ids, ...names])];
}

const wholeWords = (text: string): RegExp =>
  new RegExp(`(?<![\\p{L}\\p{N}_])${escaped(text.trim())}(?![\\p{L}\\p{N}_])`, 'giu');

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
