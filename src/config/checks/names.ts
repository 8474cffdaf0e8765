import { self } from '../../process/events.ts';
import { isSamePerson } from '../../process/people.ts';
import { roleIds } from '../../process/phases.ts';
import type { Finding, Path } from '../problems.ts';
import { type Selected, type SelectedText, select, selectTexts } from './select.ts';

/** Words that stand for others than a person where people are named. */
const reserved = ['waiting', 'everyone', self];

/** Who is named without being there, and what is there twice. */
export const checkNames = (data: unknown): Finding[] => [
  ...strangersInRoles(data),
  ...strangersInPolicies(data),
  ...unknownChannels(data),
  ...reservedIds(data),
  ...ambiguousIds(data),
  ...repeatedTokens(data),
  ...repeatedMembers(data),
  ...repeatedNames(data),
];

/** Whoever may hold a role: people, teams of them, and rotas that say who. */
const holdersIn = (data: unknown): string[] =>
  ['people.*', 'teams.*', 'onCall.*'].flatMap((part) =>
    select(data, part).map(({ path }) => String(path.at(-1))),
  );

function strangersInRoles(data: unknown): Finding[] {
  const known = holdersIn(data);
  return selectTexts(data, 'roles.*.*', 'services.*.roles.*.*')
    .filter(({ value }) => !known.includes(value))
    .map(({ path, value }) => ({
      path,
      sentence: `names "${value}", who is not among the people, the teams and the rotas under onCall: add them there, or correct the name.`,
    }));
}

const levels = ['policy.escalation.*.levels.*.notify.*', 'policy.retrospective.levels.*.notify.*'];
const lists = ['policy.mayBypassReview.*', 'policy.mayManage.*'];

function strangersInPolicies(data: unknown): Finding[] {
  const known: string[] = [...holdersIn(data), ...roleIds];
  const told = selectTexts(data, ...levels, ...levels.map((one) => `services.*.${one}`)).filter(
    ({ value }) => value !== 'waiting',
  );
  const allowed = selectTexts(data, ...lists, ...lists.map((list) => `services.*.${list}`));
  return [...told, ...allowed]
    .filter(({ value }) => !known.includes(value))
    .map(({ path, value }) => ({
      path,
      sentence: `names "${value}", which is neither a person, a team, a rota nor a role: add it, or write one of ${roleIds.join(', ')}.`,
    }));
}

/** Levels name channels as the notifications do. */
function unknownChannels(data: unknown): Finding[] {
  const known = channelNames(data).map(({ value }) => value);
  const names = known.length > 0 ? known : ['log'];
  const patterns = levels.map((one) => one.replace('notify', 'channels'));
  return selectTexts(data, ...patterns, ...patterns.map((one) => `services.*.${one}`))
    .filter(({ value }) => !names.includes(value))
    .map(({ path, value }) => ({
      path,
      sentence: `names "${value}", which is no channel under notifications: write one of ${names.join(', ')}.`,
    }));
}

const idsOf = (data: unknown): Path[] =>
  ['people.*', 'tools.*', 'teams.*', 'onCall.*'].flatMap((part) =>
    select(data, part).map(({ path }) => path),
  );

const idOf = (path: Path): string => String(path.at(-1));

const reservedIds = (data: unknown): Finding[] =>
  idsOf(data)
    .filter((path) => reserved.some((word) => isSamePerson(word, idOf(path))))
    .map((path) => ({
      path,
      sentence: `has a meaning of its own (${reserved.join(', ')}): choose another id.`,
      at: 'key',
    }));

/** The process takes `Ana` and `ana` for one. */
function ambiguousIds(data: unknown): Finding[] {
  const message = 'whose id differs at most in upper and lower case: choose another id.';
  return repeats(idsOf(data), (path) => idOf(path).toLowerCase()).map(({ again, first }) => ({
    path: again,
    sentence: `is the same as ${first.join('.')}, ${message}`,
    at: 'key',
  }));
}

const tokenPatterns = ['people.*.token', 'people.*.token.*', 'tools.*.token', 'tools.*.token.*'];

function repeatedTokens(data: unknown): Finding[] {
  const tokens = selectTexts(data, ...tokenPatterns);
  return repeats(tokens, ({ value }) => value.toLowerCase()).map(({ again, first }) => ({
    path: again.path,
    sentence: `is the token of ${first.path.slice(0, 2).join('.')} already: make another one by \`npm run token -- ${idOf(again.path.slice(0, 2))}\`.`,
  }));
}

/** Whoever presses a button in Slack is one person. */
const repeatedMembers = (data: unknown): Finding[] =>
  repeats(selectTexts(data, 'people.*.contacts.slack'), ({ value }) => value).map(
    ({ again, first }) => ({
      path: again.path,
      sentence: `is the member id of ${first.path.slice(0, 2).join('.')} already: each person has their own.`,
    }),
  );

/** Measures and channels are known by their names in results and in what was delivered. */
function repeatedNames(data: unknown): Finding[] {
  const measures = select(data, 'services.*.monitoring.*.measures').map((list) =>
    textsIn(list, '*.name'),
  );
  return [...measures, channelNames(data)].flatMap((named) =>
    repeats(named, ({ value }) => value.trim()).map(({ again, first }) => ({
      path: again.path,
      sentence: `has the name "${again.value.trim()}", as ${first.path.join('.')} has: give it another name, or remove it.`,
    })),
  );
}

/** A channel without a name is called as its adapter. */
const channelNames = (data: unknown): SelectedText[] =>
  select(data, 'notifications.*').flatMap((channel) =>
    ['name', 'adapter'].flatMap((key) => textsIn(channel, key)).slice(0, 1),
  );

const textsIn = ({ path, value }: Selected, pattern: string): SelectedText[] =>
  selectTexts(value, pattern).map((text) => ({ ...text, path: [...path, ...text.path] }));

/** Every item whose key another before it has, with that one. */
function repeats<T>(items: readonly T[], keyOf: (item: T) => string): { again: T; first: T }[] {
  const firsts = new Map<string, T>();
  return items.flatMap((again) => {
    const first = firsts.get(keyOf(again));
    if (first === undefined) firsts.set(keyOf(again), again);
    return first === undefined ? [] : [{ again, first }];
  });
}
