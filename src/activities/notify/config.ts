import { z } from 'zod';
import { duration } from '../../process/duration.ts';

/** How a channel is called where there is only one of its kind. */
export const channelName = (standard: string) =>
  z
    .string()
    .trim()
    .min(1)
    .max(100)
    .default(standard)
    .describe('How this channel is called in messages');

export const channelTimeout = duration
  .refine((value) => value >= 100 && value <= 60_000, { error: 'must be from 100ms to 1m' })
  .prefault('10s')
  .describe('For each request');
