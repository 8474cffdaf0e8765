import type { Person } from './types.ts';

/** One spelling of a text: accents composed, white space of any kind as one space, without case. */
const spelled = (text: string): string =>
  text.normalize('NFC').replace(/\s+/gu, ' ').trim().toLowerCase();

const isSame = (one: string, other: string | undefined): boolean =>
  other !== undefined && spelled(one) === spelled(other);

/** Whose address it is; case does not matter. */
export const byEmail = (people: readonly Person[], email: string): Person | undefined =>
  people.find(({ contacts }) => isSame(email, contacts.email));

/** Who is called so: by id, name or address. */
export const byName = (people: readonly Person[], text: string): Person | undefined =>
  people.find(
    ({ id, name, contacts }) =>
      isSame(text, id) ||
      isSame(text, contacts.email) ||
      spellingsOf(name).some((one) => isSame(text, one)),
  );

/** Between the parts of a title: `Ana, Ben`, `Primary: Ana`, `On call - Ana - shop`. */
const separators = /[,;:|/+&()[\]]|\s[-–—]\s/;

/** `No one is on call`, as PagerDuty writes a gap, is an answer. */
export const namesNobody = (title: string): boolean =>
  spelled(title)
    .split(separators)
    .some((part) => /^(no one|nobody)( is)?( on[ -]?call)?$/.test(part.trim()));

/**
 * Whom a title names: each name or address that stands in it as whole words, and each part of it that is
 * an id. A longer name goes first, so that `Ana Ito` is not taken for another `Ana`, nor `Ito, Ana` for
 * the id `ana`.
 */
export function namedIn(people: readonly Person[], title: string): Person[] {
  let rest = spelled(title);
  const take = (texts: { person: Person; text: string }[]): Person[] =>
    texts.flatMap(({ person, text }) => {
      const before = rest;
      rest = withoutWords(rest, text);
      return rest === before ? [] : [person];
    });
  const names = people
    .flatMap((person) =>
      [...spellingsOf(person.name), person.contacts.email].flatMap((text) =>
        text ? [{ person, text: spelled(text) }] : [],
      ),
    )
    .toSorted((one, other) => other.text.length - one.text.length);
  const isLong = ({ text }: { text: string }) => /[ @]/.test(text);
  const byLongNames = take(names.filter(isLong));
  const parts = rest.split(separators);
  const byIds = people.filter(({ id }) => parts.some((part) => isSame(part, id)));
  const byShortNames = take(names.filter((one) => !isLong(one)));
  return [...new Set([...byIds, ...byLongNames, ...byShortNames])];
}

/** A name as it is, and as directories sort it: `Ito, Ana`. */
function spellingsOf(name: string | undefined): string[] {
  if (!name) return [];
  const words = name.trim().split(/\s+/u);
  const last = words.at(-1);
  return words.length > 1 ? [name, `${last}, ${words.slice(0, -1).join(' ')}`] : [name];
}

/** The text without each place where the words stand as whole words. */
function withoutWords(text: string, words: string): string {
  if (words === '') return text;
  let rest = text;
  for (let at = rest.indexOf(words); at >= 0; at = rest.indexOf(words, at + 1)) {
    const after = at + words.length;
    if (endsInWord.test(rest.slice(0, at)) || beginsInWord.test(rest.slice(after))) continue;
    rest = `${rest.slice(0, at)} ${rest.slice(after)}`;
  }
  return rest;
}

const endsInWord = /[\p{L}\p{M}\p{N}_]$/u;
const beginsInWord = /^[\p{L}\p{M}\p{N}_]/u;
