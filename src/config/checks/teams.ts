import { isSamePerson } from '../../process/people.ts';
import { roleIds } from '../../process/phases.ts';
import type { Finding, Path } from '../problems.ts';
import { cyclesOf, type Teams } from '../teams.ts';
import { select, selectTexts } from './select.ts';

/** Teams of others than people and teams, that hold themselves, or with the name of a role. */
export const checkTeams = (data: unknown): Finding[] => [
  ...strangersInTeams(data),
  ...circles(data),
  ...namedLikeRoles(data),
];

const idsUnder = (data: unknown, part: string): string[] =>
  select(data, `${part}.*`).map(({ path }) => String(path.at(-1)));

function strangersInTeams(data: unknown): Finding[] {
  const rotas = idsUnder(data, 'onCall');
  const known = [...idsUnder(data, 'people'), ...idsUnder(data, 'teams')];
  return selectTexts(data, 'teams.*.*')
    .filter(({ value }) => !known.includes(value))
    .map(({ path, value }) => ({
      path,
      sentence: rotas.includes(value)
        ? `names the rota "${value}", and a team is of people and teams: name the rota beside the team.`
        : `names "${value}", who is neither among the people nor a team: add them there, or correct the name.`,
    }));
}

const circles = (data: unknown): Finding[] =>
  cyclesOf(teamsIn(data)).map((way) => ({
    path: ['teams', way[0] ?? ''],
    sentence: `holds itself (${way.join(' → ')}): take one of these teams out of the other.`,
    at: 'key',
  }));

const teamsIn = (data: unknown): Teams =>
  Object.fromEntries(
    select(data, 'teams.*').map(({ path, value }) => [
      String(path.at(-1)),
      selectTexts(value, '*').map((member) => member.value),
    ]),
  );

/** A person may have the name of a role that they hold; what stands for several people may not. */
function namedLikeRoles(data: unknown): Finding[] {
  const named = [...select(data, 'teams.*'), ...select(data, 'onCall.*')];
  return named.flatMap(({ path }) => {
    const role = roleIds.find((one) => isSamePerson(one, String(path.at(-1))));
    return role ? [taken(path, role)] : [];
  });
}

const taken = (path: Path, role: string): Finding => ({
  path,
  sentence: `has the name of a role (roles.${role}): choose another name.`,
  at: 'key',
});
