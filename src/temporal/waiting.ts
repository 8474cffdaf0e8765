import { setTimeout as sleep } from 'node:timers/promises';

/** How a start waits for what a Hotfix that is still ending holds. */
export interface Waiting {
  /** Told once, where there is something to wait for: a sentence that says what. */
  onWait: (sentence: string) => void;
  /** In milliseconds; without, as long as a Hotfix takes to end where nothing hangs. */
  patience?: number;
}

const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 50;

/**
 * Resolves when nothing is in the way any more.
 * @throws what is in the way, where it is still there when the patience has ended.
 */
export async function untilGone(
  { onWait, patience = PATIENCE_MS }: Waiting,
  inTheWay: () => Promise<Error | undefined>,
): Promise<void> {
  const giveUpAt = performance.now() + patience;
  for (let isTold = false; ; isTold = true) {
    const obstacle = await inTheWay();
    if (!obstacle) return;
    if (performance.now() > giveUpAt) throw obstacle;
    if (!isTold) onWait(`Waiting up to ${patience / 1000} s for it to end: ${obstacle.message}`);
    await sleep(LOOK_EVERY_MS);
  }
}
