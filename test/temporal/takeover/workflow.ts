import {
  condition,
  defineQuery,
  defineSignal,
  proxyActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow';

export const beginSignal = defineSignal('begin');
export const seenQuery = defineQuery<number | null>('seen');

/** Nobody runs it: that it is asked for is what the history keeps. */
const { tell } = proxyActivities<{ tell: () => Promise<void> }>({ startToCloseTimeout: '1m' });

/** How long the one timer runs, in milliseconds. */
const wait = 3_000;

/** Waits for a timer, and goes on by what the clock says when it has rung. */
export async function takeover(): Promise<void> {
  let hasBegun = false;
  let seen: number | null = null;
  setHandler(beginSignal, () => {
    hasBegun = true;
  });
  setHandler(seenQuery, () => seen);
  await condition(() => hasBegun);
  const due = Date.now() + wait;
  await sleep(wait);
  seen = Date.now();
  // It rang, so its time has come, and every replay says so.
  if (seen >= due) await tell();
  else await sleep('1m');
}
