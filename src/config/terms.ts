import type { ServiceTerms } from '../process/events.ts';
import { type Role, roleIds } from '../process/phases.ts';
import { type Policy, policySchema } from '../process/policy.ts';
import { rollbackOf } from './rollback.ts';
import type { Config, ServiceConfig } from './schema.ts';

type Assignments = Partial<Record<Role, string[]>>;

/** What an incident of the service begins with; of one that is not in the file, the defaults. */
export function termsOf(config: Config, service?: ServiceConfig): ServiceTerms {
  return {
    policy: mergePolicy(config.policy, service?.policy),
    assignments: mergeRoles(config.roles, service?.roles),
    people: Object.keys(config.people),
    staging: service?.deploy?.staging !== undefined,
    monitored: service?.monitoring !== undefined,
    stagingMonitored: false,
    rollback: rollbackOf(service?.deploy?.production) !== undefined,
  };
}

/** Role by role: the service's people instead of the default ones. */
export function mergeRoles(defaults: Config['roles'], over: Config['roles'] = {}): Assignments {
  const assignments: Assignments = {};
  for (const role of roleIds) {
    const people = over[role] ?? defaults[role];
    if (people) assignments[role] = people;
  }
  return assignments;
}

function mergePolicy(
  defaults: Config['policy'],
  over: Config['policy'] = { escalation: {} },
): Policy {
  const escalation = { ...defaults.escalation, ...over.escalation };
  return policySchema.parse({ ...defaults, ...over, escalation });
}
