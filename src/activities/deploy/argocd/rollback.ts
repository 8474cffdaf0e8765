import { isDeepStrictEqual } from 'node:util';
import { permanent } from '../../failures.ts';
import type { DeployRequest } from '../types.ts';
import {
  type Application,
  describeLive,
  type HistoryEntry,
  initiatorOf,
  isAutomated,
  lastOperationOf,
  newestOf,
  type Operation,
  versionOf,
} from './application.ts';
import { beforeOf, isRollbackTo, isSyncOf } from './operations.ts';

/** What was live before the deploy that is taken back: as it is handed over, or as its sync kept it. */
export function beforeRollback(application: Application, { before, undoes }: DeployRequest) {
  const last = lastOperationOf(application);
  return before ?? (last && undoes && isSyncOf(last, undoes) ? beforeOf(last) : undefined);
}

/**
 * The history entry to go back to. Throws `NothingToGoBackTo` where there is none, and `Refused`
 * where Argo CD would refuse, or where what is live is no longer what the deploy has put there.
 */
export function targetOf(
  application: Application,
  request: DeployRequest,
  name: string,
): HistoryEntry {
  const before = beforeRollback(application, request);
  if (!before) {
    throw permanent(
      'NothingToGoBackTo',
      `There is nothing to roll ${request.ref} back to: the history of ${name} had no entry before it. Deploy a version that is known to work instead.`,
    );
  }
  const target = entryOf(application, before.restore);
  if (!target) {
    throw permanent(
      'NothingToGoBackTo',
      `${before.version} was live before ${request.ref}, and the history of ${name} no longer has its entry ${before.restore.id}: sync it to ${before.version} by hand.`,
    );
  }
  assertManual(application, name, `roll it back to ${before.version}`);
  if (!isStillThere(application, request, target)) {
    throw permanent(
      'Refused',
      `${request.ref} is not rolled back to ${before.version}, since it is no longer what is live in ${name}: that is ${describeLive(application)}, and the last operation was of ${initiatorOf(lastOperationOf(application) ?? {})}. Find out why it was changed; if it has to go, roll back to history entry ${target.id} in Argo CD.`,
    );
  }
  return target;
}

/** The ids begin again where an Application is made anew, so the version has to be the same too. */
function entryOf({ status }: Application, restore: Record<string, string>) {
  return status.history?.find(
    (entry) => String(entry.id) === restore.id && versionOf(entry) === restore.version,
  );
}

/** Argo CD refuses both while automated sync is on: it would put the target revision back at once. */
export function assertManual(application: Application, name: string, what: string): void {
  if (!isAutomated(application)) return;
  throw permanent(
    'Refused',
    `Automated sync is on for ${name}, so Argo CD refuses to ${what}. Turn it off (\`argocd app set ${name} --sync-policy none\`, or take syncPolicy.automated out of the Application where that is kept in Git).`,
  );
}

/**
 * Whether what is live is what the deploy has put there. Nothing changes an Application but an
 * operation, so it is where the last one is the deploy's. Where others came since, it is where the last
 * has succeeded and its entry is in all the same as the deploy's, which follows that of before.
 */
function isStillThere(application: Application, { undoes }: DeployRequest, target: HistoryEntry) {
  const last = lastOperationOf(application);
  if (!undoes || (last && isSyncOf(last, undoes))) return true;
  const { operationState, history } = application.status;
  if (application.operation || operationState?.phase !== 'Succeeded') return false;
  const deployed = history?.find(({ id }) => id === target.id + 1);
  const live = newestOf(application);
  return Boolean(deployed && live) && isDeepStrictEqual(contentOf(deployed), contentOf(live));
}

const contentOf = (entry: HistoryEntry | undefined) =>
  entry && [versionOf(entry), entry.source, entry.sources];

/**
 * The operation of a rollback that this step has already begun, after a crash or a lost answer. Argo CD
 * remembers only the last operation and keeps no key with a rollback, but a step's own can be told:
 *
 * - As long as none has begun, the last operation is the deploy that is taken back: its sync carries
 *   its key, and a rollback that begins takes its place. So a rollback of this account to this
 *   version in its place is this step's, or one by the same account that does exactly the same.
 * - Where it is not known what was live before, it can only be that the deploy began nothing, or that
 *   a rollback of it has begun: so any of this account is taken for it.
 * - One that succeeded and made the very entry that is gone back to is older than the deploy.
 * - An operation of anybody else is refused by {@link targetOf}, so that nothing is begun twice.
 */
export function findRollback(
  application: Application,
  { before }: DeployRequest,
  username: string,
): Operation | undefined {
  const last = lastOperationOf(application);
  if (!last || !isRollbackTo(last, before?.version ?? versionOf(last.sync ?? {}), username)) {
    return undefined;
  }
  const { operation, status } = application;
  const madeIt =
    !operation &&
    status.operationState?.phase === 'Succeeded' &&
    String(newestOf(application)?.id) === before?.restore.id;
  return madeIt ? undefined : last;
}
