import type { Environment, PreflightCheck } from '../../process/outcomes.ts';
import { messageOf } from '../failures.ts';
import type { Measure } from './types.ts';

/**
 * Whether a measure can be made: it is made once, and what it finds is not judged, since the service
 * may be broken now. Never throws but the signal's own reason when it aborts.
 */
export async function tryMeasure(
  measure: Measure,
  environment: Environment,
  signal: AbortSignal,
): Promise<PreflightCheck> {
  const check = { environment, what: 'measure', name: measure.name } as const;
  try {
    return { ...check, ok: true, summary: await measure.attempt(signal) };
  } catch (error) {
    signal.throwIfAborted();
    return { ...check, ok: false, summary: messageOf(error) };
  }
}
