import { ApplicationFailure } from '@temporalio/common';

/** Every `type` an activity's failure can have; what each asks of people stands in its message. */
export type FailureType =
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'Refused'
  | 'Busy'
  | 'NobodyKnown'
  | 'Unreachable'
  | 'BadAnswer'
  | 'TimedOut'
  | 'ProgramNotStarted'
  | 'DataDirectory'
  | 'OutcomeUnknown'
  | 'NothingToGoBackTo'
  | 'Undelivered'
  | 'Outdated'
  | 'Interrupted'
  | 'Unexpected';

/** A failure that a retry cannot mend. */
export const permanent = (type: FailureType, message: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(message, type);

/**
 * A failure that may be gone at the next try; `retryAfter` in milliseconds. `code` says for programs what
 * happened on the way, as Node.js calls it: `ECONNREFUSED`.
 */
export const transient = (
  type: FailureType,
  message: string,
  retryAfter?: number,
  code?: string,
): ApplicationFailure =>
  ApplicationFailure.create({
    message,
    type,
    ...(retryAfter === undefined ? {} : { nextRetryDelay: retryAfter }),
    ...(code && { details: [{ code }] }),
  });

/** The code that a failure was made with. */
export const codeOfFailure = ({ details }: ApplicationFailure): string | undefined =>
  (details?.[0] as { code?: string } | undefined)?.code;

export const isTransient = (error: unknown): error is ApplicationFailure =>
  error instanceof ApplicationFailure && !error.nonRetryable;

/** The sentence of an error, whatever was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
