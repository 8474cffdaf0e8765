import type { IncidentEvent } from './events.ts';
import type { DeployResult, Environment } from './outcomes.ts';
import type { DeployRecord } from './state.ts';

/** A deploy or a rollback: what an analysis is about. Times are ISO 8601, UTC. */
export interface Change {
  action: 'deploy' | 'rollback';
  environment: Environment;
  /** What was put there; for a rollback, what was taken back. */
  ref: string;
  attempt: number;
  startedAt: string;
  /** Null while it goes on. */
  finishedAt: string | null;
  outcome: DeployResult['outcome'] | null;
}

export const changeOf = ({
  environment,
  ref,
  attempt,
  startedAt,
  result,
}: DeployRecord): Change => ({
  action: 'deploy',
  environment,
  ref,
  attempt,
  startedAt,
  finishedAt: result?.finishedAt ?? null,
  outcome: result?.outcome ?? null,
});

/** Every deploy and rollback of an incident, in order. A rollback is of production. */
export const changesOf = (timeline: readonly IncidentEvent[]): Change[] =>
  timeline.flatMap((event): Change[] => {
    if (event.type !== 'deployStarted' && event.type !== 'rollbackStarted') return [];
    const action = event.type === 'deployStarted' ? 'deploy' : 'rollback';
    const after = timeline.filter(({ seq }) => seq > event.seq);
    const end = after.find(({ type }) => type === `${action}Finished` || type === 'deployHeld');
    const result = end && 'result' in end.data ? (end.data.result as DeployResult) : null;
    const isAsked = end?.type === 'deployHeld' || result?.outcome === 'unknown';
    const said = action === 'deploy' && isAsked ? sayingOf(after) : undefined;
    // A deploy that was held has not happened, unless somebody made it by hand.
    if (end?.type === 'deployHeld' && !said?.data.live) return [];
    return [
      {
        action,
        environment: event.type === 'deployStarted' ? event.data.environment : 'production',
        ref: event.data.ref,
        attempt: attemptAt(timeline, event),
        startedAt: event.at,
        finishedAt: (end?.type === 'deployHeld' ? said : end)?.at ?? null,
        outcome: said ? (said.data.live ? 'succeeded' : 'failed') : (result?.outcome ?? null),
      },
    ];
  });

/** What the deployer said of a deploy that was held or in doubt, unless it was authorized again. */
function sayingOf(after: readonly IncidentEvent[]): EventOf<'deployConfirmed'> | undefined {
  const said = after.find(({ type }) => type === 'deployConfirmed' || type === 'deployStarted');
  return said?.type === 'deployConfirmed' ? said : undefined;
}

type EventOf<T extends IncidentEvent['type']> = Extract<IncidentEvent, { type: T }>;

/** The attempt that the incident was in at an event. */
const attemptAt = (timeline: readonly IncidentEvent[], { seq }: IncidentEvent): number =>
  timeline.findLast(
    (event): event is EventOf<'phaseStarted'> => event.type === 'phaseStarted' && event.seq < seq,
  )?.data.attempt ?? 1;
