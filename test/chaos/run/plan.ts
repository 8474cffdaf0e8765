import type { Status } from '../../../src/process/events.ts';
import type { Phase } from '../../../src/process/phases.ts';
import { Dice } from './dice.ts';

/** What is to become of one attempt at a fix. */
export interface Attempt {
  review: 'approved' | 'rejected' | 'bypassed';
  /** The reviewers answer only when they have been told that they are late. */
  isReviewLate: boolean;
  staging: 'skipped' | 'succeeded' | 'failed';
  production: 'succeeded' | 'failed';
  isVerified: boolean;
  rollback: 'succeeded' | 'failed';
  /** Of two roles that answer side by side, whether the first is the one that says no. */
  isFirstAgainst: boolean;
}

/** The way of one incident through the process, drawn before it begins. */
export interface Plan {
  index: number;
  /** The Idempotency-Key of its start. */
  key: string;
  service: string;
  isDeclaredAtStart: boolean;
  priority: 'P1' | 'P3';
  attempts: readonly Attempt[];
  /** `isMidway`: once the deploy of that attempt has been authorized. */
  abort: (Place & { isMidway: boolean }) | null;
  isRetrospectiveLate: boolean;
}

export interface Place {
  phase: Phase;
  attempt: number;
}

const serviceCount = 8;
export const services = Array.from({ length: serviceCount }, (_, index) => `shop-${index + 1}`);
export const hasStaging = (service: string): boolean => services.indexOf(service) % 2 === 1;
export const isMonitored = (service: string): boolean => services.indexOf(service) % 3 === 2;

export function planOf(seed: number, index: number): Plan {
  const dice = new Dice(seed, `plan ${index}`);
  const service = services[dice.between(0, serviceCount - 1)] as string;
  const failing = Array.from({ length: dice.pick([0, 0, 0, 1, 1, 2]) }, () =>
    badAttempt(dice, service),
  );
  const attempts = [...failing, goodAttempt(dice, service)];
  const plan: Plan = {
    index,
    key: `chaos-${seed}-${index}`,
    service,
    isDeclaredAtStart: dice.chance(50),
    priority: dice.chance(8) ? 'P3' : 'P1',
    attempts,
    abort: null,
    isRetrospectiveLate: dice.chance(30),
  };
  return dice.chance(12) ? { ...plan, abort: abortOf(plan, dice) } : plan;
}

function goodAttempt(dice: Dice, service: string): Attempt {
  return {
    review: dice.chance(20) ? 'bypassed' : 'approved',
    isReviewLate: dice.chance(25),
    staging: hasStaging(service) && dice.chance(60) ? 'succeeded' : 'skipped',
    production: 'succeeded',
    isVerified: true,
    rollback: dice.chance(20) ? 'failed' : 'succeeded',
    isFirstAgainst: dice.chance(50),
  };
}

function badAttempt(dice: Dice, service: string): Attempt {
  const attempt = goodAttempt(dice, service);
  switch (dice.pick(['review', 'deploy', 'verification'])) {
    case 'review':
      return { ...attempt, review: 'rejected' };
    case 'deploy':
      return attempt.staging === 'succeeded' && dice.chance(50)
        ? { ...attempt, staging: 'failed' }
        : { ...attempt, production: 'failed' };
    default:
      return { ...attempt, isVerified: false };
  }
}

function abortOf(plan: Plan, dice: Dice): Plan['abort'] {
  const places = phasesOf(plan).filter(({ phase }) => phase !== 'postMortem');
  const place = places[dice.between(0, places.length - 1)] as Place;
  return { ...place, isMidway: place.phase === 'deploy' && dice.chance(60) };
}

/** The phases that the incident goes through where nobody aborts it. */
export function phasesOf({ priority, attempts }: Plan): Place[] {
  const declaration: Place = { phase: 'declaration', attempt: 1 };
  if (priority !== 'P1') return [declaration];
  return [declaration, ...attempts.flatMap((one, index) => phasesOfAttempt(one, index + 1))];
}

function phasesOfAttempt(one: Attempt, attempt: number): Place[] {
  const phases: Phase[] = ['quickFix', 'quickReview'];
  if (one.review !== 'rejected') {
    phases.push('deploy');
    if (one.staging !== 'failed' && one.production !== 'failed') {
      phases.push('verify');
      if (one.isVerified) phases.push('postMortem');
    }
  }
  return phases.map((phase) => ({ phase, attempt }));
}

export function endOf({ priority, abort }: Plan): Status {
  if (abort) return 'aborted';
  return priority === 'P1' ? 'closed' : 'declined';
}

/** The attempt of the plan; one that should not be there is taken as the last. */
export const attemptOf = ({ attempts }: Plan, attempt: number): Attempt =>
  attempts[Math.min(attempt, attempts.length) - 1] as Attempt;
