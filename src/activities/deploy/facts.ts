import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { StepFacts } from '../../process/outcomes.ts';
import { codeOfFailure, type FailureType, isTransient, transient } from '../failures.ts';
import type { Heart } from '../heartbeat.ts';
import type { DeployRequest } from './types.ts';

/** The same failure, with what it says of the step for the workflow to read. */
export function withFacts(error: ApplicationFailure, facts: StepFacts): ApplicationFailure {
  const { message, type, nonRetryable, nextRetryDelay, details } = error;
  return ApplicationFailure.create({
    message,
    nonRetryable: nonRetryable ?? false,
    details: [{ ...(details?.[0] as object | undefined), ...facts }],
    ...(type && { type }),
    ...(nextRetryDelay !== undefined && nextRetryDelay !== null && { nextRetryDelay }),
  });
}

/** The attempt stands beside it: a worker that is killed leaves what the attempt before had left. */
const untouchedSchema = z.object({ untouched: z.literal(true), attempt: z.number() });

/** Whether no attempt before this one can have begun anything. */
export function isUntouched(): boolean {
  const { attempt, heartbeatDetails } = Context.current().info;
  const left = untouchedSchema.safeParse(heartbeatDetails).data;
  return attempt === 1 || left?.attempt === attempt - 1;
}

/** Nothing was begun by this attempt or one before it: the next attempt and the workflow are told. */
export function untouched(error: ApplicationFailure, heart: Heart<unknown>): ApplicationFailure {
  heart.set({ untouched: true, attempt: Context.current().info.attempt });
  return withFacts(error, { untouched: true });
}

/** Answers after which nothing was begun, where they came to the request that begins. */
const refusals = new Set<FailureType | string>([
  'Unauthorized',
  'Forbidden',
  'NotFound',
  'Refused',
  'NothingToGoBackTo',
  'ProgramNotStarted',
  'DataDirectory',
]);

/** The request did not leave this machine, or nobody took it. */
const notSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/** Whether a failure of the request that begins means that it began nothing. */
export function isRefusal(error: ApplicationFailure): boolean {
  const { type } = error;
  if (type === 'Busy' || notSent.has(codeOfFailure(error) ?? '')) return true;
  return !isTransient(error) && refusals.has(type ?? '');
}

/**
 * Something may have been begun, and it cannot be found out: to be tried again, also where it was
 * refused, for a credential is renewed and a proxy comes back.
 */
export function doubtful(error: ApplicationFailure, request: DeployRequest): ApplicationFailure {
  if (error.type === 'OutcomeUnknown') return error;
  const { action, ref, environment, service } = request;
  const { nextRetryDelay } = error;
  return transient(
    'OutcomeUnknown',
    `The ${action} of ${ref} may have been begun, and whether it was cannot be found out: ${error.message} Check what is live in ${environment} of ${service} before you go on.`,
    typeof nextRetryDelay === 'number' ? nextRetryDelay : undefined,
  );
}

/** Whether a failure says that nothing was begun. */
export const saysUntouched = (error: unknown): boolean =>
  error instanceof ApplicationFailure &&
  Boolean((error.details?.[0] as StepFacts | undefined)?.untouched);

/** Whether what the step began may go on, with nobody who knows how it ends. */
export const isUnknown = (error: unknown): boolean =>
  error instanceof ApplicationFailure &&
  (error.type === 'OutcomeUnknown' || error.type === 'TimedOut');
