import { clock } from './markdown.ts';
import type { State } from './state.ts';

/** What is known of production after a rollback failed, in one sentence. */
export function whatIsLive({ deploys, rollbacks, request: { service } }: State): string {
  const rollback = rollbacks.at(-1);
  const deploy = deploys.findLast(
    ({ environment, attempt }) => environment === 'production' && attempt === rollback?.attempt,
  );
  if (!rollback?.result || !deploy?.result) return `Nothing is known of ${service}.`;
  const { before, finishedAt } = deploy.result;
  const former = before ? `, before which ${before.version} was live` : '';
  return `Production of ${service} most likely still runs ${deploy.ref}, live since ${clock(finishedAt)} UTC${former}; it may be half taken back: ${rollback.result.summary}`;
}
