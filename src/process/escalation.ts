import type { Escalation, Level } from './policy.ts';
import { withinWorkingHours } from './workingHours.ts';

/** Where the escalation of a wait stands. Times are ISO 8601, UTC. */
export interface Watch {
  /** 0 until the limit has passed, then the number of the level that was told last. */
  level: number;
  /** How often the chain has begun again. */
  round: number;
  /** How often the last level was told before, after the last round. */
  repeat: number;
  /** When somebody is told next, unless the work is done before. */
  nextAt: string;
  acknowledged: { by: string; at: string } | null;
}

/** A duration in milliseconds after a time. */
export const later = (time: string, milliseconds: number): string =>
  new Date(Date.parse(time) + milliseconds).toISOString();

const due = ({ workingHours }: Escalation, since: string, milliseconds: number): string =>
  withinWorkingHours(later(since, milliseconds), workingHours);

/** `limit` in milliseconds, where it is another than the escalation's own. */
export const startWatch = (
  escalation: Escalation,
  since: string,
  limit = escalation.limit,
): Watch => ({
  level: 0,
  round: 0,
  repeat: 0,
  nextAt: due(escalation, since, limit),
  acknowledged: null,
});

export const levelOf = (escalation: Escalation, level: number): Level =>
  escalation.levels[Math.min(Math.max(level, 1), escalation.levels.length) - 1] as Level;

const isAtEnd = ({ levels }: Escalation, { level }: Watch): boolean => level >= levels.length;

const beginsAgain = (escalation: Escalation, watch: Watch): boolean =>
  isAtEnd(escalation, watch) && watch.round < escalation.repeat;

/** After the last level the chain begins again, as often as the policy says; then the last one goes on. */
export function nextLevel(escalation: Escalation, watch: Watch): number {
  if (beginsAgain(escalation, watch)) return 1;
  return isAtEnd(escalation, watch) ? watch.level : watch.level + 1;
}

/** A level is told at `at`. */
export function escalate(escalation: Escalation, watch: Watch, level: number, at: string): Watch {
  const isLast = level === escalation.levels.length;
  const wait = isLast ? escalation.repeatEvery : levelOf(escalation, level).acknowledgeWithin;
  return {
    level,
    round: watch.round + (beginsAgain(escalation, watch) ? 1 : 0),
    repeat: isAtEnd(escalation, watch) && !beginsAgain(escalation, watch) ? watch.repeat + 1 : 0,
    nextAt: due(escalation, at, wait),
    acknowledged: null,
  };
}

/** A level that was to be told and was not, since nothing of ours ran. `dueAt` is ISO 8601, UTC. */
export interface MissedLevel {
  level: number;
  name: string;
  dueAt: string;
}

/** So many are named; after them it is the last level again and again. */
const mostMissed = 10;

/** What is this little behind gets a message of its own at once. In milliseconds. */
const grace = 1_000;

/** The levels after the one that `watch` is due for whose time has passed too, oldest first. */
export function missedLevels(escalation: Escalation, watch: Watch, now: string): MissedLevel[] {
  const missed: MissedLevel[] = [];
  let last = escalate(escalation, watch, nextLevel(escalation, watch), watch.nextAt);
  while (later(last.nextAt, grace) < now && missed.length < mostMissed) {
    const level = nextLevel(escalation, last);
    missed.push({ level, name: levelOf(escalation, level).name, dueAt: last.nextAt });
    last = escalate(escalation, last, level, last.nextAt);
  }
  return missed;
}

/**
 * Somebody has it in hand: the next level waits as long as this one gives for the work itself. Before the
 * limit nobody is late, so it stays.
 */
export const acknowledge = (
  escalation: Escalation,
  watch: Watch,
  by: string,
  at: string,
): Watch => ({
  ...watch,
  acknowledged: { by, at },
  ...(watch.level > 0 && {
    nextAt: due(escalation, at, levelOf(escalation, watch.level).decideWithin),
  }),
});
