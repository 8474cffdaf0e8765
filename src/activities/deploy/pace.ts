import { duration } from '../../process/duration.ts';

/** What a request may take, and what may pass from one to the next; in milliseconds once parsed. */
export const short = duration.refine((value) => value >= 100 && value <= 600_000, {
  error: 'must be from 100ms to 10m',
});
