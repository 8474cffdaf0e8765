import { z } from 'zod';
import { isSamePerson } from '../../process/people.ts';
import { type Role, roleIds } from '../../process/phases.ts';
import type { Finding, Path } from '../problems.ts';
import { configSchema } from '../schema.ts';
import { mergeRoles } from '../terms.ts';

const { people, tools, teams, roles, unknownServices, services } = configSchema.shape;

/** The part of the file that says who may do what. */
const accessSchema = z.object({
  people,
  tools,
  teams,
  // Of rotas it is enough to know that they are there.
  onCall: z.record(z.string(), z.unknown()).default({}),
  roles,
  unknownServices,
  services: z
    .record(z.string(), z.object({ roles: services.unwrap().valueType.shape.roles }))
    .default({}),
});
type Access = z.infer<typeof accessSchema>;

/** Who holds the roles for one service, out of their teams, and where each is written. */
interface Staff {
  holders: Partial<Record<Role, string[]>>;
  pathOf: (role: Role) => Path;
}

/**
 * Who could not do what the process will ask of them. Nothing is said while the people and the
 * roles themselves are not understood: what is missing may be there, misspelt.
 */
export function checkAccess(data: unknown): Finding[] {
  const parsed = accessSchema.safeParse(data);
  if (!parsed.success) return [];
  const access = parsed.data;
  const staffs = staffsOf(access);
  const findings = [
    ...rolesWithoutHolder(access, staffs),
    ...staffs.flatMap(reviewNeedsThree),
    ...Object.keys(access.people).flatMap((person) => namedLikeARole(person, staffs)),
  ];
  // Services share what they take from the defaults.
  const byPlace = new Map(findings.map((finding) => [finding.path.join('.'), finding]));
  return [...byPlace.values()];
}

function staffsOf({ unknownServices, services, ...defaults }: Access): Staff[] {
  const others: Staff = { holders: mergeRoles(defaults), pathOf: (role) => ['roles', role] };
  const named = Object.entries(services).map(([name, service]) => ({
    holders: mergeRoles(defaults, service.roles),
    pathOf: (role: Role) =>
      service.roles[role] ? ['services', name, 'roles', role] : ['roles', role],
  }));
  return unknownServices === 'accept' ? [others, ...named] : named;
}

function rolesWithoutHolder(
  { people, tools, onCall }: Access,
  staffs: readonly Staff[],
): Finding[] {
  const callers = Object.keys(people).filter((person) => people[person]?.token);
  if (callers.length === 0) {
    return Object.keys(tools).length === 0
      ? []
      : [
          {
            path: ['people'],
            sentence:
              'nobody has a token while tools have, so nobody could act: give the people theirs by `npm run token -- PERSON`.',
          },
        ];
  }
  const mayAct = (name: string) => callers.includes(name) || Object.hasOwn(onCall, name);
  return staffs.flatMap(({ holders, pathOf }) =>
    roleIds
      .filter((role) => !holders[role]?.some(mayAct))
      .map((role) => ({ path: pathOf(role), sentence: withoutHolder(role, holders[role]) })),
  );
}

const withoutHolder = (role: Role, holders: readonly string[] = []): string =>
  holders.length === 0
    ? `nobody holds the role ${role} while tokens are configured, so nobody could act: name at least one person with a token.`
    : `none of ${holders.join(', ')} has a token, so nobody could act as ${role}: make one by \`npm run token -- ${holders[0]}\`.`;

/**
 * The author does not review, and nobody gives both checks; a role without names is open to all. A rota
 * counts as one person.
 */
function reviewNeedsThree({ holders, pathOf }: Staff): Finding[] {
  const { bugFixer, reviewer, securityReviewer } = holders;
  if (!bugFixer || !reviewer || !securityReviewer) return [];
  const isPossible = bugFixer.some((author) =>
    reviewer.some((one) =>
      securityReviewer.some((other) => new Set([author, one, other]).size === 3),
    ),
  );
  if (isPossible) return [];
  return [
    {
      path: pathOf('securityReviewer'),
      sentence:
        'the fix, the sanity check and the security check need three different people: name more people for bugFixer, reviewer or securityReviewer.',
    },
  ];
}

/** In a list of people and roles such a name means both, so that the person must be in the role. */
function namedLikeARole(person: string, staffs: readonly Staff[]): Finding[] {
  const role = roleIds.find((one) => isSamePerson(one, person));
  const isInIt = ({ holders }: Staff) => !role || (holders[role]?.includes(person) ?? true);
  if (staffs.every(isInIt)) return [];
  return [
    {
      path: ['people', person],
      sentence: `has the id of a role that this person does not hold everywhere: choose another id, or name them for ${role}.`,
      at: 'key',
    },
  ];
}
