import { type Clock, systemClock } from '../../src/activities/clock.ts';

/** So many times faster: an hour passes in 20 seconds. */
const speed = 180;

/**
 * A clock for one sleeper: it stands still but while that sleeps, so that no moment is missed because
 * what is done between two sleeps takes its usual time.
 */
export function fastClock(): Clock {
  let time = Date.now();
  return {
    now: () => new Date(time),
    monotonic: () => time,
    async sleep(milliseconds, signal) {
      await systemClock.sleep(milliseconds / speed, signal);
      time += milliseconds;
    },
  };
}
