import { z } from 'zod';
import { conditionSchema } from '../../process/conditions.ts';
import { duration } from '../../process/duration.ts';
import { noDataMeanings } from '../../process/samples.ts';

const limit = z.int().min(0).max(10_000);

/** What the configuration of every measure has. Durations in milliseconds once parsed. */
export const measureFields = {
  name: z.string().trim().min(1).max(100).describe('What is measured, for people'),
  interval: duration
    .refine((value) => value >= 1000, { error: 'must be at least 1s' })
    .prefault('10s')
    .describe('From one measurement to the next'),
  initialDelay: duration
    .prefault('0s')
    .describe('From the beginning of the soak to the first measurement'),
  count: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('How many measurements are wanted; errors do not count. Else all of the soak'),
  duration: duration
    .optional()
    .describe('How long is measured, from the first measurement on. Else all of the soak'),
  failureLimit: limit.default(0).describe('So many measurements may fail before the measure does'),
  inconclusiveLimit: limit
    .default(0)
    .describe('So many measurements may be inconclusive before the measure is'),
  consecutiveErrorLimit: limit
    .default(4)
    .describe('So many measurements in a row may be impossible before the measure is an error'),
  timeout: duration
    .refine((value) => value >= 100 && value <= 60_000, { error: 'must be from 100ms to 1m' })
    .prefault('10s')
    .describe('For each measurement'),
};

const successText = 'What holds where all is well; without failure, anything else fails';
const failureText = 'What holds where something is wrong; without success, anything else is well';

const noData = z
  .enum(noDataMeanings)
  .default('inconclusive')
  .describe('What it means that there is no data, or only NaN');

/** What every measure has whose values are held to conditions, where its past can be asked for. */
export const valueFields = {
  success: conditionSchema.optional().describe(successText),
  failure: conditionSchema.optional().describe(failureText),
  noData,
};

const withoutPast = conditionSchema.superRefine((condition, context) => {
  for (const [operator, limit] of Object.entries(condition)) {
    if (typeof limit === 'number' || limit === undefined) continue;
    context.addIssue({
      code: 'custom',
      path: [operator],
      message:
        'is relative to a baseline, and this adapter cannot look back: write a number, or ask Prometheus',
    });
  }
});

/** The same where only the present can be asked for. */
export const presentValueFields = {
  success: withoutPast.optional().describe(successText),
  failure: withoutPast.optional().describe(failureText),
  noData,
};

export const soak = duration
  .refine((value) => value <= 86_400_000, { error: 'must be at most 24h' })
  .prefault('5m')
  .describe('How long the service is watched after a deploy; 0s measures once');

export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https url' });

/** What every request has that may need to say who asks. */
export const requestFields = {
  tokenEnv: z.string().min(1).optional().describe('The environment variable with the bearer token'),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .describe('More headers, such as X-Scope-OrgID; no secrets here'),
};
