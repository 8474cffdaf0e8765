import { runInNewContext } from 'node:vm';

/**
 * Runs what may never end, and ends it after so many milliseconds: it cannot be awaited away, since it
 * gives nobody else a turn. Returns undefined where the time was not enough.
 */
export function bounded<T>(milliseconds: number, work: () => T): T | undefined {
  try {
    return runInNewContext('work()', { work }, { timeout: milliseconds }) as T;
  } catch (error) {
    if (isTimeout(error)) return undefined;
    throw error;
  }
}

/** The error is of another realm, so that it is no `Error` here. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
