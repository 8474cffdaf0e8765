import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { FiledFollowUp, FollowUpTask } from '../../process/outcomes.ts';
import { withHeartbeat } from '../heartbeat.ts';
import type { Tracker } from './types.ts';

const filedSchema = z.array(
  z.object({ key: z.string(), id: z.string(), tracker: z.string(), url: z.string().optional() }),
);

/** Files the tasks in order; a retry goes on after those that its heartbeats say are filed. */
export async function fileAll(
  tasks: readonly FollowUpTask[],
  tracker: Tracker,
): Promise<FiledFollowUp[]> {
  const { cancellationSignal, info } = Context.current();
  const before: FiledFollowUp[] = (filedSchema.safeParse(info.heartbeatDetails).data ?? []).map(
    ({ url, ...filed }) => (url === undefined ? filed : { ...filed, url }),
  );
  return await withHeartbeat(before, async (heart) => {
    for (const task of tasks) {
      if (heart.details.some(({ key }) => key === task.key)) continue;
      heart.set([...heart.details, await tracker.file(task, cancellationSignal)]);
    }
    return heart.details;
  });
}
