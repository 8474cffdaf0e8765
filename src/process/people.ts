import { type Role, roles } from './phases.ts';
import { askedFor, assigneesOf, onCallOf, type State } from './state.ts';

/** Names are compared as people read them: `Rachel ` is `rachel`. */
export const isSamePerson = (one: string, other: string): boolean =>
  one.trim().toLowerCase() === other.trim().toLowerCase();

export const includesPerson = (names: readonly string[], person: string): boolean =>
  names.some((name) => isSamePerson(name, person));

/**
 * A role that nobody holds is open to everyone who is known, also while its rota cannot say who does: an
 * emergency does not wait for a calendar. Who was on call when it was asked may still answer.
 */
export const holds = (state: State, person: string, role: Role): boolean =>
  assigneesOf(state, role).length === 0 || isHolder(state, person, role);

/** Whether a role is this person's own, or was when its rota was asked. */
export const isHolder = (state: State, person: string, role: Role): boolean =>
  includesPerson([...assigneesOf(state, role), ...askedFor(state, role)], person);

/** Whether a person is in a list of people, rotas and roles, as the policy has them. */
export const isAllowed = (state: State, person: string, allowed: readonly string[]): boolean =>
  includesPerson(allowed, person) ||
  allowed.some((name) => includesPerson(onCallOf(state, name)?.people ?? [], person)) ||
  allowed.some((name) => Object.hasOwn(roles, name) && holds(state, person, name as Role));
