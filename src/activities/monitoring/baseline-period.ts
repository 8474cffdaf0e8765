import type { BaselineWindow } from '../../process/conditions.ts';
import type { MonitorRequest } from '../types.ts';

/** In milliseconds since 1970; without extent where `to` is not after `from`. */
export interface Period {
  from: number;
  to: number;
}

/** The time of a baseline: `length` (milliseconds) before the impact, or from there to the deploy. */
export function periodOf(
  window: BaselineWindow,
  { impactStartedAt, deployedAt }: Pick<MonitorRequest, 'impactStartedAt' | 'deployedAt'>,
  length: number,
): Period {
  const impact = Date.parse(impactStartedAt);
  return window === 'before'
    ? { from: impact - length, to: impact }
    : { from: impact, to: Date.parse(deployedAt) };
}
