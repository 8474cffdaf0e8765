import type { Watched } from '../process/events.ts';
import type { MonitorResult } from '../process/outcomes.ts';
import { results } from '../process/results.ts';
import { impactStartOf } from '../process/steps.ts';
import { type Answer, activities, cancelledWhen } from './activities.ts';
import { now, type Run } from './run.ts';

/** Measures the service for as long as its configuration says; what `isUseless` ends has no result. */
export async function analyse(run: Run, watched: Watched, isUseless: () => boolean): Promise<void> {
  const { id, request } = run.state;
  const startedAt = now();
  run.hear({ kind: 'monitoringStarted', ...watched });
  const question = {
    incidentId: id,
    service: request.service,
    ...watched,
    impactStartedAt: impactStartOf(run.state),
    deployedAt: startedAt,
  };
  const { environment, after, attempt } = watched;
  const summary = `watching ${environment} after the ${after} of attempt ${attempt}`;
  const answer = await run.during(
    cancelledWhen(
      isUseless,
      () => activities.monitor.executeWithOptions({ summary }, [question]),
      results.monitor,
    ),
  );
  if (isUseless()) return;
  run.hear({ kind: 'monitored', ...watched, result: measuredOf(answer, startedAt) });
}

const measuredOf = (answer: Answer<MonitorResult>, startedAt: string): MonitorResult =>
  answer.ok
    ? answer.value
    : {
        outcome: 'error',
        measures: [
          {
            name: 'monitoring',
            adapter: 'none',
            outcome: 'error',
            summary: answer.reason,
            counts: { passed: 0, failed: 0, inconclusive: 0, error: 1 },
            points: [],
            thresholds: [],
          },
        ],
        startedAt,
        finishedAt: now(),
      };
