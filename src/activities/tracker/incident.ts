import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Tracker } from './types.ts';

export const incidentTrackerConfigSchema = z
  .strictObject({ adapter: z.literal('incident') })
  .describe('Follow-up tasks stay in the incident itself');
export type IncidentTrackerConfig = z.infer<typeof incidentTrackerConfigSchema>;

/** The incident's own record keeps the task; all it needs is a name that a retry gives again. */
export function createIncidentTracker(_config: IncidentTrackerConfig): Tracker {
  return {
    name: 'incident',
    file: async ({ key }) => ({ key, id: nameOf(key), tracker: 'incident' }),
  };
}

/** `F-` and ten hexadecimal digits: short enough to say, long enough to be the only one. */
const nameOf = (key: string) =>
  `F-${createHash('sha256').update(key).digest('hex').slice(0, 10).toUpperCase()}`;
