import type { Escalation, Level } from './policy.ts';

/** Where the escalation of a wait stands. Times are ISO 8601, UTC. */
export interface Watch {
  /** 0 until the limit has passed, then the number of the level that was told last. */
  level: number;
  /** How often the last level was told before. */
  repeat: number;
  /** When somebody is told next, unless the work is done before. */
  nextAt: string;
  acknowledged: { by: string; at: string } | null;
}

export const later = (time: string, milliseconds: number): string =>
  new Date(Date.parse(time) + milliseconds).toISOString();

export const startWatch = (escalation: Escalation, since: string): Watch => ({
  level: 0,
  repeat: 0,
  nextAt: later(since, escalation.limit),
  acknowledged: null,
});

export const levelOf = (escalation: Escalation, level: number): Level =>
  escalation.levels[Math.min(Math.max(level, 1), escalation.levels.length) - 1] as Level;

/** After the last level, the last one again. */
export const nextLevel = (escalation: Escalation, watch: Watch): number =>
  Math.min(watch.level + 1, escalation.levels.length);

/** A level is told at `at`. */
export function escalate(escalation: Escalation, watch: Watch, level: number, at: string): Watch {
  const last = escalation.levels.length;
  const repeats = watch.level === last;
  const wait = level < last ? levelOf(escalation, level).acknowledgeWithin : escalation.repeatEvery;
  return {
    level,
    repeat: repeats ? watch.repeat + 1 : 0,
    nextAt: later(at, wait),
    acknowledged: null,
  };
}

/** Somebody has it in hand: the next level waits as long as this one gives for the work itself. */
export const acknowledge = (
  escalation: Escalation,
  watch: Watch,
  by: string,
  at: string,
): Watch => ({
  ...watch,
  acknowledged: { by, at },
  nextAt: later(at, levelOf(escalation, watch.level).decideWithin),
});
