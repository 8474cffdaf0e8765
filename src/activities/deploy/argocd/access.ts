import { ApplicationFailure } from '@temporalio/common';
import { permanent } from '../../failures.ts';
import type { Access } from '../types.ts';
import type { ArgoCdApi } from './api.ts';
import { type Application, describeLive, liveOf } from './application.ts';
import type { ArgoCdConfig } from './config.ts';
import { assertManual } from './rollback.ts';

/** Reads alone: who calls, the Application, what a policy allows, and what would be refused. */
export async function checkAccess(
  config: ArgoCdConfig,
  api: ArgoCdApi,
  signal: AbortSignal,
): Promise<Access> {
  const { application: name, tokenEnv } = config;
  const { loggedIn, username } = await api.user(signal);
  // Argo CD answers this one to everybody.
  if (!loggedIn) {
    throw permanent(
      'Unauthorized',
      `Argo CD at ${config.url} does not know the token in ${tokenEnv}: make one for an account that may use API keys, or for a role of the project, and put it there.`,
    );
  }
  const application = await api.application(signal);
  const subject = subjectOf(config, application);
  for (const action of ['sync', 'rollback']) {
    if (await mayDo(api, action, subject, signal)) continue;
    throw permanent(
      'Forbidden',
      `Argo CD does not allow ${username} to ${action} ${name}: add the policy \`p, ${username}, applications, ${action}, ${subject}, allow\`.`,
    );
  }
  assertManual(application, name, 'sync it to another revision and to roll it back');
  assertOneSource(config, application);
  return {
    summary: `Argo CD knows ${username}, who may sync and roll back ${name}. Live is ${describeLive(application)}.`,
    live: liveOf(application),
  };
}

/** Argo CD would sync all sources to their targets, and the ref of the fix to none of them. */
export function assertOneSource(config: ArgoCdConfig, { spec }: Application): void {
  const count = spec.sources?.length ?? 0;
  const { sourcePosition: position, application: name } = config;
  if (count > 0 ? position && position <= count : !position) return;
  throw permanent(
    'Refused',
    count > 0
      ? `${name} has ${count} sources: say by sourcePosition, from 1 to ${count}, which of them the ref of a fix is of.`
      : `${name} has one source, and sourcePosition is ${position}: leave that out.`,
  );
}

function subjectOf({ application, appNamespace }: ArgoCdConfig, { spec }: Application): string {
  const parts = [spec.project || 'default', appNamespace, application];
  return parts.filter((part) => part !== undefined).join('/');
}

/** `rollback` is a right of its own in newer versions, where it is turned on; older ones ask for sync. */
async function mayDo(api: ArgoCdApi, action: string, subject: string, signal: AbortSignal) {
  try {
    return await api.may(action, subject, signal);
  } catch (error) {
    if (action === 'rollback' && isRefused(error)) return true;
    throw error;
  }
}

const isRefused = (error: unknown): boolean =>
  error instanceof ApplicationFailure && error.type === 'Refused';
