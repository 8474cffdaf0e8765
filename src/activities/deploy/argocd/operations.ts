import type { LiveVersion } from '../../../process/outcomes.ts';
import { liveSchema } from '../carry-out.ts';
import type { DeployRequest } from '../types.ts';
import { type Operation, versionOf } from './application.ts';

/** The names of what a sync carries in its `infos`, which Argo CD keeps and shows with it. */
const names = { incident: 'Hotfix incident', key: 'Hotfix step', before: 'Hotfix before' };

/** Whatever is known of a step, kept with its sync so that whoever reads the Application has it. */
export const infosOf = (request: DeployRequest, before: LiveVersion | undefined) => [
  { name: names.incident, value: `${request.incidentId}: ${request.title}` },
  { name: names.key, value: request.idempotencyKey },
  ...(before ? [{ name: names.before, value: JSON.stringify(before) }] : []),
];

const infoOf = (operation: Operation, name: string): string | undefined =>
  operation.info?.find((info) => info.name === name)?.value;

export const isSyncOf = (operation: Operation, key: string): boolean =>
  infoOf(operation, names.key) === key;

/** What was live before a sync that this program has begun. */
export function beforeOf(operation: Operation): LiveVersion | undefined {
  const text = infoOf(operation, names.before);
  return text === undefined ? undefined : liveSchema.safeParse(parseJson(text)).data;
}

/**
 * Whether it is what `POST rollback` makes for this account and version. Argo CD keeps nothing of the
 * caller's with a rollback; but it makes it of a history entry, by applying without hooks, in the
 * caller's name, and without the infos that every sync of this program has.
 */
export function isRollbackTo(operation: Operation, version: string, username: string): boolean {
  const { sync, initiatedBy, info } = operation;
  return (
    initiatedBy?.username === username &&
    !info?.length &&
    Boolean(sync?.syncStrategy?.apply) &&
    !sync?.dryRun &&
    !sync?.resources?.length &&
    versionOf(sync ?? {}) === version
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
