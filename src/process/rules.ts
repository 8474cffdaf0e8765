import { mayAcknowledge, tasksToTake } from './acknowledgement.ts';
import { checkedByPeople } from './checklist.ts';
import type { Refusal, RefusalCode } from './events.ts';
import { holds, includesPerson, isAllowed, isSamePerson } from './people.ts';
import { type Phase, type Role, roleOf, roles } from './phases.ts';
import { roomForRepetition } from './room.ts';
import { isCompletion, type Signal, type SignalName } from './signals.ts';
import { assigneesOf, deployInDoubt, isOver, rotasOf, type State } from './state.ts';
import { waitingFor } from './waiting.ts';

type Rule = (state: State, signal: Signal) => Refusal | null;

const refuse = (code: RefusalCode, reason: string): Refusal => ({ code, reason });

/** Why the signal cannot be accepted, or null. The first rule that it breaks answers. */
export function refusalOf(state: State, signal: Signal): Refusal | null {
  for (const rule of rules) {
    const refusal = rule(state, signal);
    if (refusal) return refusal;
  }
  return null;
}

const stillRunning: Rule = (state) =>
  isOver(state)
    ? refuse('incident_over', `The incident is ${state.status}; nothing can be added to it.`)
    : null;

/**
 * The rotas whose newest answer may still give the sender the right that the signal is refused for: who
 * came on call since they were asked last. Empty where nothing that a rota says could change it.
 */
export function rotasInDoubt(state: State, signal: Signal): string[] {
  const isInDoubt =
    !isOver(state) && known(state, signal) === null && rightRole(state, signal) !== null;
  if (!isInDoubt) return [];
  const names = [...(roleNeeded(signal) ?? []), ...(listNeeded(state, signal) ?? [])];
  const rotas = names.flatMap((name) =>
    Object.hasOwn(roles, name) ? rotasOf(state, name as Role) : [name],
  );
  return state.terms.onCall.filter((rota) => rotas.includes(rota));
}

/** Where a signal has its place; what is not here may come at any time. */
const placeOf = (signal: Signal): Phase | null => {
  if (isCompletion(signal.name)) return roles[roleOf(signal.name)].phase;
  return placesOfOthers[signal.name] ?? null;
};

const placesOfOthers: Partial<Record<SignalName, Phase>> = {
  reviewBypassed: 'quickReview',
  deployConfirmed: 'deploy',
  retrospectiveReviewed: 'postMortem',
  checklistItemDone: 'postMortem',
};

const rightPhase: Rule = (state, signal) => {
  const place = placeOf(signal);
  return place === null || place === state.phase
    ? null
    : refuse(
        'wrong_phase',
        `${signal.name} belongs to the phase ${place}; the incident is in ${state.phase} (attempt ${state.attempt}).`,
      );
};

/** An answer that was asked for in one phase and attempt is none to what is asked in another. */
const stillAsked: Rule = (state, { name, during }) =>
  !during || (during.phase === state.phase && during.attempt === state.attempt)
    ? null
    : refuse(
        'wrong_phase',
        `${name} was asked for in ${during.phase} (attempt ${during.attempt}); the incident is in ${state.phase} (attempt ${state.attempt}).`,
      );

const abortableUntilMitigated: Rule = (state, { name }) =>
  name === 'incidentAborted' && state.status !== 'open'
    ? refuse('wrong_phase', 'The incident is mitigated; it can be closed, not aborted any more.')
    : null;

const once: Rule = (state, signal) => {
  if (signal.name === 'retrospectiveReviewed') return retrospectiveIsDue(state);
  if (signal.name === 'checklistItemDone') {
    const done = state.checklist[signal.body.item];
    return done
      ? refuse('already_done', `${signal.body.item} was checked by ${done.by} at ${done.at}.`)
      : null;
  }
  const done = isCompletion(signal.name) && state.completed[signal.name];
  return done
    ? refuse(
        'already_done',
        `${signal.name} was given by ${done.by} at ${done.at} for attempt ${state.attempt}.`,
      )
    : null;
};

function retrospectiveIsDue({ bypass, retrospective }: State): Refusal | null {
  if (!bypass)
    return refuse('wrong_phase', 'No review was bypassed, so there is none to make up for.');
  return retrospective
    ? refuse('already_done', `The retrospective review was given by ${retrospective.by}.`)
    : null;
}

const known: Rule = (state, { name, by }) =>
  name === 'commented' || state.terms.people.length === 0 || includesPerson(state.terms.people, by)
    ? null
    : refuse('not_your_role', `${by} is not among the people of hotfix.yaml and may only comment.`);

const rightRole: Rule = (state, signal) => {
  const role = roleNeeded(signal);
  if (role !== null && !role.some((one) => holds(state, signal.by, one))) {
    const holders = role.flatMap((one) => assigneesOf(state, one)).join(', ');
    return refuse(
      'not_your_role',
      `${signal.name} is for the ${role.join(' or ')} (${holders}), not for ${signal.by}; a role is handed over by roleAssigned.`,
    );
  }
  const allowed = listNeeded(state, signal);
  return allowed === null || isAllowed(state, signal.by, allowed)
    ? null
    : refuse(
        'not_your_role',
        signal.name === 'escalationAcknowledged'
          ? `Nothing that is waited for is asked of ${signal.by}, but of ${allowed.join(', ')}.`
          : `The policy allows ${signal.name} to ${allowed.join(', ') || 'nobody'}, not to ${signal.by}.`,
      );
};

function roleNeeded(signal: Signal): Role[] | null {
  if (isCompletion(signal.name)) return [roleOf(signal.name)];
  if (signal.name === 'deployConfirmed') return ['deployer'];
  return signal.name === 'retrospectiveReviewed' ? ['reviewer', 'securityReviewer'] : null;
}

function listNeeded(state: State, { name, isOfAll }: Signal): readonly string[] | null {
  const { policy } = state.terms;
  if (name === 'escalationAcknowledged' && !isOfAll) {
    return waitingFor(state).length > 0 ? mayAcknowledge(state) : null;
  }
  if (name === 'reviewBypassed') return policy.mayBypassReview;
  return name === 'incidentAborted' || name === 'roleAssigned' ? policy.mayManage : null;
}

/** Further pairs of roles that the policy keeps apart. */
const differentPeople: Rule = ({ completed, terms }, { name, by }) => {
  if (!isCompletion(name)) return null;
  const role = roleOf(name);
  for (const [one, other] of terms.policy.differentPeople) {
    const partner = role === one ? other : role === other ? one : null;
    const done = partner && completed[roles[partner].signal];
    if (done && isSamePerson(done.by, by)) {
      return refuse(
        'four_eyes',
        `${by} was the ${partner} of this attempt, and the policy wants another ${role}.`,
      );
    }
  }
  return null;
};

const fourEyes: Rule = ({ completed, bypass }, { name, by }) => {
  const author = completed.fixReady?.by;
  const isAuthor = author !== undefined && isSamePerson(author, by);
  const reviews = ['sanityChecked', 'securityChecked', 'retrospectiveReviewed'];
  if (reviews.includes(name) && isAuthor) {
    return refuse('four_eyes', `${by} made the fix and cannot review it; someone else must.`);
  }
  const other = { sanityChecked: 'securityChecked', securityChecked: 'sanityChecked' } as const;
  const otherCheck = name in other ? completed[other[name as keyof typeof other]] : undefined;
  if (otherCheck && isSamePerson(otherCheck.by, by)) {
    return refuse(
      'four_eyes',
      `${by} gave the other check already; the second needs someone else.`,
    );
  }
  return name === 'retrospectiveReviewed' && bypass && isSamePerson(bypass.by, by)
    ? refuse('four_eyes', `${by} bypassed the review and cannot be the one who makes up for it.`)
    : null;
};

const somethingToAcknowledge: Rule = (state, { name, by, isOfAll }) => {
  if (name !== 'escalationAcknowledged') return null;
  if (isOfAll) return somethingOfAll(state);
  if (tasksToTake(state, by).length > 0) return null;
  const [taken] = waitingFor(state).flatMap(({ acknowledged }) => acknowledged ?? []);
  return taken
    ? refuse('already_done', `${taken.by} has it in hand since ${taken.at}.`)
    : refuse('nothing_to_acknowledge', `Nobody is waited for in ${state.phase} now.`);
};

function somethingOfAll(state: State): Refusal | null {
  if (state.watch.level === 0) {
    return refuse(
      'nothing_to_acknowledge',
      `Nothing has escalated in ${state.phase}; it does at ${state.watch.nextAt} unless the work is done.`,
    );
  }
  const { acknowledged } = state.watch;
  return acknowledged
    ? refuse('already_done', `${acknowledged.by} acknowledged this level at ${acknowledged.at}.`)
    : null;
}

const somethingToConfirm: Rule = (state, { name }) =>
  name !== 'deployConfirmed' || deployInDoubt(state) || state.held?.environment
    ? null
    : refuse(
        'nothing_to_confirm',
        'No deploy of this attempt is in doubt or held, so there is nothing to confirm.',
      );

const checkedByHand: Rule = (_, signal) =>
  signal.name === 'checklistItemDone' && !checkedByPeople.includes(signal.body.item)
    ? refuse(
        'checked_by_process',
        `${signal.body.item} is checked by the process itself, by what the roles complete.`,
      )
    : null;

const knownAssignee: Rule = ({ terms }, signal) =>
  signal.name === 'roleAssigned' &&
  terms.people.length > 0 &&
  !includesPerson(terms.people, signal.body.person)
    ? refuse(
        'unknown_person',
        `${signal.body.person} is not among the people of hotfix.yaml: ${terms.people.join(', ')}.`,
      )
    : null;

const roomForComments: Rule = ({ size }, { name }) =>
  name === 'commented' && size > roomForRepetition
    ? refuse(
        'timeline_full',
        'The timeline is full; keep further notes elsewhere and link to them.',
      )
    : null;

const rules: readonly Rule[] = [
  stillRunning,
  known,
  rightRole,
  checkedByHand,
  stillAsked,
  rightPhase,
  abortableUntilMitigated,
  once,
  fourEyes,
  differentPeople,
  somethingToAcknowledge,
  somethingToConfirm,
  knownAssignee,
  roomForComments,
];
