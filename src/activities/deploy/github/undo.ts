import type { LiveVersion } from '../../../process/outcomes.ts';
import { permanent } from '../../failures.ts';
import type { DeployRequest } from '../types.ts';

/** `the deploy of v3 to production`, or `the rollback from v3 to v2 in production`. */
export const nameOf = ({ action, ref, environment, before }: DeployRequest): string =>
  action === 'deploy'
    ? `the deploy of ${ref} to ${environment}`
    : `the rollback from ${ref}${before ? ` to ${before.version}` : ''} in ${environment}`;

/**
 * What a rollback goes back to, given what is live `now` and the key of the step that put it there.
 * Throws `NothingToGoBackTo`, or `Refused` where somebody else has changed what is live since: it is
 * neither what the deploy put there nor, because that did not succeed, what was there before it.
 */
export function assertUndoable(
  request: DeployRequest,
  now: (LiveVersion & { key?: string | undefined }) | undefined,
  idOf: (restore: LiveVersion['restore']) => string | undefined,
): LiveVersion {
  const { before, undoes, ref, environment } = request;
  if (!before) {
    throw permanent(
      'NothingToGoBackTo',
      `${ref} cannot be taken back: what was live in ${environment} before it is not known. Deploy the version that should be live.`,
    );
  }
  const isOurs = !now || (now.key !== undefined && now.key === undoes);
  if (isOurs || idOf(now.restore) === idOf(before.restore)) return before;
  throw permanent(
    'Refused',
    `${ref} is not taken back: ${now.version} is live in ${environment} now, which somebody else has put there since. Going back to ${before.version} would undo that too: see which is right, and deploy it.`,
  );
}
