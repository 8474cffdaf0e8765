import { z } from 'zod';
import { duration } from '../../process/duration.ts';

/** What the configuration of every measure has. Durations in milliseconds once parsed. */
export const measureFields = {
  name: z.string().trim().min(1).max(100).describe('What is measured, for people'),
  interval: duration
    .refine((value) => value >= 1000, { error: 'must be at least 1s' })
    .prefault('10s')
    .describe('From one measurement to the next'),
  failureLimit: z
    .int()
    .min(0)
    .default(0)
    .describe('So many measurements may fail before the measure does'),
  timeout: duration
    .refine((value) => value >= 100 && value <= 60_000, { error: 'must be from 100ms to 1m' })
    .prefault('10s')
    .describe('For each request'),
};

export const monitoringWindow = duration
  .prefault('1m')
  .describe('How long the service is watched after a deploy; 0s measures once');

export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https url' });
