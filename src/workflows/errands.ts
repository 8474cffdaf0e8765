import { condition } from '@temporalio/workflow';
import { followUpsDue } from '../process/followUps.ts';
import type { Notification } from '../process/notifications.ts';
import { activities, answerOf } from './activities.ts';
import type { Run } from './run.ts';

/**
 * Sends what people have to be told, until the incident is over. One delivery never waits for
 * another: a channel that is down must not hold back the next escalation.
 */
export async function sendNotifications(run: Run): Promise<void> {
  for (;;) {
    await condition(() => run.outbox.length > 0 || run.isOver);
    const batch = run.outbox.splice(0);
    if (batch.length === 0) return;
    void send(run, batch);
  }
}

async function send(run: Run, batch: Notification[]): Promise<void> {
  const summary = batch
    .map(({ subject }) => subject)
    .join(' · ')
    .slice(0, 200);
  const answer = await run.during(
    answerOf(activities.notify.executeWithOptions({ summary }, [batch])),
  );
  if (!answer.ok) run.hear({ kind: 'activityFailed', activity: 'notify', reason: answer.reason });
}

/** Files each follow-up task once it is owed. What cannot be filed is on the record, for people to do. */
export async function fileFollowUps(run: Run): Promise<void> {
  const tried = new Set<string>();
  const due = () => followUpsDue(run.state).filter(({ key }) => !tried.has(key));
  for (;;) {
    await condition(() => due().length > 0 || run.isOver);
    const tasks = due();
    if (tasks.length === 0) return;
    for (const { key } of tasks) tried.add(key);
    const summary = `${tasks.length} follow-up task${tasks.length > 1 ? 's' : ''}`;
    const answer = await run.during(
      answerOf(activities.fileFollowUps.executeWithOptions({ summary }, [tasks])),
    );
    if (!answer.ok) {
      run.hear({ kind: 'activityFailed', activity: 'fileFollowUps', reason: answer.reason });
      continue;
    }
    const filed = new Map(answer.value.map((task) => [task.key, task]));
    run.hear({
      kind: 'followUpsFiled',
      tasks: tasks.flatMap((task) => {
        const found = filed.get(task.key);
        return found ? [{ ...task, ...found }] : [];
      }),
    });
  }
}
