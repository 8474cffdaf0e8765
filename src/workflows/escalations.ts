import { condition } from '@temporalio/workflow';
import { chainOf } from '../process/chains.ts';
import { levelOf, type Watch } from '../process/escalation.ts';
import { phaseTitles } from '../process/phases.ts';
import { isApart } from '../process/state.ts';
import { leaving, type Run } from './run.ts';
import { isSetAnew, waitOf } from './timers.ts';

/** Waits for the people of the phase, and tells the next level each time that their time is up. */
export async function people(run: Run): Promise<void> {
  const left = leaving(run);
  const isAsked = () => chainOf(run.state) !== undefined;
  // While all is in hand, only the timers of those who have it would wake the workflow up.
  const isToCarryOn = () => run.state.taken.length > 0 && run.canCarryOn;
  while (!left()) {
    if (run.canCarryOn) await run.carryOn();
    if (isAsked()) await untilNextLevel(run, left);
    else await condition(() => left() || isAsked() || isToCarryOn());
  }
}

/**
 * What somebody has in hand has an escalation of its own, and a timer of its own: which one rang says what
 * is late, and no clock decides it.
 */
export async function chaseWhatIsInHand(run: Run): Promise<void> {
  const chased = new Set<number>();
  const begun = () => run.state.taken.filter((one) => isApart(one) && !chased.has(one.seq));
  while (!run.isOver) {
    await condition(() => run.isOver || begun().length > 0);
    for (const { seq } of begun()) {
      chased.add(seq);
      void chase(run, seq);
    }
  }
}

async function chase(run: Run, acknowledgement: number): Promise<void> {
  const isGone = () => run.isOver || !run.state.taken.some(({ seq }) => seq === acknowledgement);
  const isAsked = () => chainOf(run.state, acknowledgement) !== undefined;
  while (!isGone()) {
    if (isAsked()) await untilNextLevel(run, isGone, acknowledgement);
    else await condition(() => isGone() || isAsked());
  }
}

async function untilNextLevel(
  run: Run,
  isDone: () => boolean,
  acknowledgement?: number,
): Promise<void> {
  const standing = () => chainOf(run.state, acknowledgement)?.watch ?? null;
  const watch = standing();
  if (!watch) return;
  // Only the escalation of all carries the incident on: it ends the others' timers.
  const isToCarryOn = () => acknowledgement === undefined && run.canCarryOn;
  const isMoved = () => isDone() || isSetAnew(watch, standing()) || isToCarryOn();
  const isInTime = await condition(isMoved, waitOf(watch), { summary: timerName(run, watch) });
  if (isInTime) return;
  run.hear({ kind: 'clock', ...(acknowledgement !== undefined && { of: acknowledgement }) });
}

function timerName({ state: { phase, terms } }: Run, watch: Watch): string {
  const escalation = terms.policy.escalation[phase];
  const level = Math.min(watch.level + 1, escalation.levels.length);
  return `${phaseTitles[phase]}: then level ${level}, ${levelOf(escalation, level).name}`.slice(
    0,
    200,
  );
}
