import { type Clock, systemClock } from '../../src/activities/clock.ts';

/** So many times faster an hour passes in 20 seconds. */
const speed = 180;

/** A clock that was right when it was made. */
export function fastClock(): Clock {
  const begin = Date.now();
  return {
    now: () => new Date(begin + (Date.now() - begin) * speed),
    sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / speed, signal),
  };
}
