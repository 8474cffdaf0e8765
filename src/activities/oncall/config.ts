import { duration } from '../../process/duration.ts';

/** People wait for the answer, so that a rota is not asked for long. */
export const patience = duration
  .refine((value) => value >= 100 && value <= 15_000, { error: 'must be from 100ms to 15s' })
  .prefault('5s')
  .describe('For each request');
