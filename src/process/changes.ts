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

type EventOf<T extends IncidentEvent['type']> = Extract<IncidentEvent, { type: T }>;

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

/** A change with the place in the timeline where it ended. */
export interface Placed {
  change: Change;
  ended: number;
}

/** Every deploy and rollback of an incident, in order. */
export function changesOf(timeline: readonly IncidentEvent[]): Placed[] {
  return timeline.flatMap((event): Placed[] => {
    if (event.type !== 'deployStarted' && event.type !== 'rollbackStarted') return [];
    const action = event.type === 'deployStarted' ? 'deploy' : 'rollback';
    const end = timeline.find(
      (later): later is EventOf<'deployFinished' | 'rollbackFinished'> =>
        later.seq > event.seq && later.type === `${action}Finished`,
    );
    const change = {
      action,
      environment: environmentOf(timeline, event),
      ref: event.data.ref,
      attempt: attemptAt(timeline, event),
      startedAt: event.at,
      finishedAt: end?.at ?? null,
      outcome: end?.data.result.outcome ?? null,
    } as const;
    return [{ change, ended: end?.seq ?? Number.POSITIVE_INFINITY }];
  });
}

/** A rollback goes where the deploy before it went. */
const environmentOf = (
  timeline: readonly IncidentEvent[],
  { seq }: EventOf<'deployStarted' | 'rollbackStarted'>,
): Environment =>
  timeline.findLast(
    (event): event is EventOf<'deployStarted'> =>
      event.type === 'deployStarted' && event.seq <= seq,
  )?.data.environment ?? 'production';

/** The attempt that the incident was in at an event. */
export const attemptAt = (timeline: readonly IncidentEvent[], { seq }: IncidentEvent): number =>
  timeline.findLast(
    (event): event is EventOf<'phaseStarted'> => event.type === 'phaseStarted' && event.seq < seq,
  )?.data.attempt ?? 1;
