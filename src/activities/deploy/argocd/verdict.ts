import { quote } from '../../http.ts';
import {
  type Application,
  describeLive,
  initiatorOf,
  lastOperationOf,
  nameOf,
  type Operation,
  type OperationState,
  to,
  versionOf,
} from './application.ts';

/**
 * What an Application says of one operation: it goes on; it has done its work and what it brought is
 * ailing, which may pass; or it is over.
 */
export type Verdict =
  | { state: 'going' | 'ailing'; progress: string }
  | { state: 'over'; outcome: 'succeeded' | 'failed'; summary: string };

export interface Followed {
  /** As the beginning of a sentence: `The deploy of v2`. */
  what: string;
  isOurs: (operation: Operation) => boolean;
  /** Something in it was suspended before, so that it is not waited for. */
  wasSuspended: boolean;
}

/**
 * First the operation has to end, by its phase; then Argo CD has to have compared the Application
 * once more (`reconciledAt`), since until then its health is that of before; then the health counts.
 * `sync.status` does not: a revision that is not the target's is OutOfSync as long as it is live.
 * The source: `waitOnApplicationStatus` of Argo CD's own command line, and its health documentation.
 */
export function verdictOf(application: Application, followed: Followed): Verdict {
  const { operation, status } = application;
  const { what, isOurs } = followed;
  const last = lastOperationOf(application);
  if (!last || !isOurs(last)) return over('failed', replaced(application, what));
  const state = status.operationState;
  if (!state || !isOurs(state.operation)) return going('Argo CD has it, and has not begun.');
  if (operation) return going(progressOf(state));
  switch (state.phase) {
    case 'Succeeded':
      return settled(application, state, followed);
    case 'Failed':
    case 'Error':
      return over('failed', failed(state, what));
    default:
      return going(progressOf(state));
  }
}

function settled(application: Application, state: OperationState, followed: Followed): Verdict {
  const { what, wasSuspended } = followed;
  const { health, reconciledAt } = application.status;
  const synced = `synced to ${versionOf(state.syncResult ?? {})}`;
  if (Date.parse(reconciledAt ?? '') >= Date.parse(state.finishedAt ?? '')) {
    const ailments = ailmentsOf(application);
    switch (health.status) {
      case 'Healthy':
        return over('succeeded', `${what} has ${synced}: Healthy.${differing(application)}`);
      case 'Suspended':
        return wasSuspended
          ? over(
              'succeeded',
              `${what} has ${synced}: Suspended, as before.${differing(application)}`,
            )
          : going(`It is ${synced} and Suspended: somebody has to let it go on.${ailments}`);
      case 'Degraded':
      case 'Missing':
        return { state: 'ailing', progress: `It is ${synced} and ${health.status}.${ailments}` };
      default:
        return going(`It is ${synced}; its health is ${health.status || 'not known'}.${ailments}`);
    }
  }
  return going(`It is ${synced}; Argo CD has not looked at its health since.`);
}

/** Said, since automated sync that is turned on again would undo the fix. */
function differing({ status: { sync } }: Application): string {
  if (sync.status !== 'OutOfSync') return '';
  const target = versionOf(sync) || 'its target revision';
  return ` Argo CD shows it OutOfSync with ${target}: leave automated sync off as long as that differs.`;
}

function failed({ phase, message }: OperationState, what: string): string {
  const said = quote(message ?? '');
  return /operation (is )?terminat/i.test(message ?? '')
    ? `${what} was terminated in Argo CD, not from here (${said}): what was applied by then stays, so check what is live.`
    : `${what} has failed in Argo CD (${phase}: ${said}): what was applied by then stays, so check what is live.`;
}

function replaced(application: Application, what: string): string {
  const last = lastOperationOf(application);
  const by = last
    ? `the operation of ${initiatorOf(last)}${to(last)} has taken its place`
    : 'Argo CD no longer knows of it';
  return `How ${what.replace(/^The/, 'the')} ended is not known: ${by}. Live is ${describeLive(application)}: check whether that is what should be.`;
}

const mostLines = 5;

function progressOf({ phase, message, syncResult }: OperationState): string {
  const resources = syncResult?.resources ?? [];
  const done = resources.filter(({ status, hookPhase }) => status || hookPhase === 'Succeeded');
  const counted = resources.length ? `, ${done.length} of ${resources.length} resources` : '';
  const head = `${phase}${counted}${message ? `: ${message}` : ''}`;
  return [head, ...resources.slice(-mostLines).map(lineOf)].join('\n');
}

/** What Argo CD did with each resource, a line each. */
export const outputOf = ({ status }: Application): string =>
  (status.operationState?.syncResult?.resources ?? []).map(lineOf).join('\n');

function lineOf(
  resource: NonNullable<NonNullable<OperationState['syncResult']>['resources']>[number],
): string {
  const { status, hookPhase, message } = resource;
  return [`${nameOf(resource)}:`, status || hookPhase, message].filter(Boolean).join(' ');
}

function ailmentsOf({ status }: Application): string {
  const ailing = (status.resources ?? []).filter(
    ({ health }) => health?.status && health.status !== 'Healthy',
  );
  const lines = ailing.slice(0, mostLines).map((resource) => {
    const { status: state, message } = resource.health ?? {};
    return `\n${nameOf(resource)}: ${state}${message ? ` (${message})` : ''}`;
  });
  return lines.join('');
}

const going = (progress: string): Verdict => ({ state: 'going', progress });

const over = (outcome: 'succeeded' | 'failed', summary: string): Verdict => ({
  state: 'over',
  outcome,
  summary,
});
