import type { ServiceTerms } from '../process/events.ts';
import { type Role, roleIds } from '../process/phases.ts';
import { type Escalation, type Policy, policySchema } from '../process/policy.ts';
import { rollbackOf } from './rollback.ts';
import type { Config, ServiceConfig } from './schema.ts';
import { expand, type Teams } from './teams.ts';

type Holders = Partial<Record<Role, string[]>>;

/** What an incident of the service begins with; of one that is not in the file, the defaults. */
export function termsOf(config: Config, service?: ServiceConfig): ServiceTerms {
  const isRota = (name: string) => Object.hasOwn(config.onCall, name);
  const policy = withoutTeams(mergePolicy(config.policy, service?.policy), config.teams);
  const holders = mergeRoles(config, service?.roles);
  const onCall = [...Object.values(holders).flat(), ...namedIn(policy)].filter(isRota);
  return {
    policy,
    assignments: each(holders, (name) => !isRota(name)),
    rotas: each(holders, isRota),
    onCall: [...new Set(onCall)],
    people: Object.keys(config.people),
    staging: service?.deploy?.staging !== undefined,
    monitored: service?.monitoring !== undefined,
    stagingMonitored: service?.monitoring?.staging !== undefined,
    connected:
      service?.deploy !== undefined || service?.monitoring !== undefined || onCall.length > 0,
    rollback: rollbackOf(service?.deploy?.production) !== undefined,
  };
}

/** Role by role: the service's people and rotas instead of the default ones, out of their teams. */
export function mergeRoles(
  { roles, teams }: Pick<Config, 'roles' | 'teams'>,
  over: Config['roles'] = {},
): Holders {
  const merged: Holders = {};
  for (const role of roleIds) {
    const names = over[role] ?? roles[role];
    if (names) merged[role] = expand(names, teams);
  }
  return merged;
}

/** The holders of one kind; a role that has none of it is left out. */
function each(holders: Holders, isMeant: (name: string) => boolean): Holders {
  const chosen: Holders = {};
  for (const role of roleIds) {
    const names = holders[role]?.filter(isMeant) ?? [];
    if (names.length > 0) chosen[role] = names;
  }
  return chosen;
}

function mergePolicy(
  defaults: Config['policy'],
  over: Config['policy'] = { escalation: {} },
): Policy {
  const escalation = { ...defaults.escalation, ...over.escalation };
  return policySchema.parse({ ...defaults, ...over, escalation });
}

const escalationsOf = ({ escalation, retrospective }: Policy): Escalation[] => [
  ...Object.values(escalation),
  retrospective,
];

/** Everyone and everything that the policy names. */
const namedIn = (policy: Policy): string[] => [
  ...escalationsOf(policy).flatMap(({ levels }) => levels.flatMap(({ notify }) => notify)),
  ...policy.mayBypassReview,
  ...policy.mayManage,
];

function withoutTeams(policy: Policy, teams: Teams): Policy {
  const told = (escalation: Escalation): Escalation => ({
    ...escalation,
    levels: escalation.levels.map((level) => ({ ...level, notify: expand(level.notify, teams) })),
  });
  const escalation = Object.fromEntries(
    Object.entries(policy.escalation).map(([phase, one]) => [phase, told(one)]),
  ) as Policy['escalation'];
  return {
    ...policy,
    escalation,
    retrospective: told(policy.retrospective),
    mayBypassReview: expand(policy.mayBypassReview, teams),
    mayManage: expand(policy.mayManage, teams),
  };
}
