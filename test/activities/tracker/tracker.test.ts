import { expect, test } from 'vitest';
import { transient } from '../../../src/activities/failures.ts';
import type { Tracker } from '../../../src/activities/tracker/types.ts';
import type { FollowUpTask } from '../../../src/activities/types.ts';
import { activitiesWith, activityEnvironment } from '../support.ts';

const task = (key: string): FollowUpTask => ({
  key,
  incidentId: 'INC-1',
  service: 'shop',
  kind: 'properFix',
  title: 'Mend it properly',
  description: 'The workaround must go.',
});

test('tasks that stay in the incident have a name, the same at each retry', async () => {
  const { fileFollowUps } = activitiesWith();
  const tasks = [task('INC-1/properFix'), task('INC-1/prevention/1')];
  const filed = await activityEnvironment().execute(fileFollowUps, tasks);
  expect(filed).toEqual(
    tasks.map(({ key }) => ({
      key,
      id: expect.stringMatching(/^F-[0-9A-F]{10}$/),
      tracker: 'incident',
    })),
  );
  expect(new Set(filed.map(({ id }) => id)).size).toBe(2);
  expect(await activityEnvironment().execute(fileFollowUps, tasks)).toEqual(filed);
});

test('a retry does not file again what is filed', async () => {
  const calls: string[] = [];
  const tracker: Tracker = {
    name: 'flaky',
    async file({ key }) {
      calls.push(key);
      if (calls.length === 2) throw transient('Busy', 'The tracker is busy.');
      return { key, id: `T-${calls.length}`, tracker: 'flaky', url: 'https://tracker.example/1' };
    },
  };
  const { fileFollowUps } = activitiesWith({ tracker });
  const first = activityEnvironment();
  await expect(first.execute(fileFollowUps, [task('a'), task('b')])).rejects.toMatchObject({
    type: 'Busy',
  });
  const filed = await activityEnvironment(first.last()).execute(fileFollowUps, [
    task('a'),
    task('b'),
  ]);
  expect(filed.map(({ key, id }) => [key, id])).toEqual([
    ['a', 'T-1'],
    ['b', 'T-3'],
  ]);
  expect(calls).toEqual(['a', 'b', 'b']);
});

test('an error that nobody expected is told as a failure', async () => {
  const tracker: Tracker = {
    name: 'broken',
    file: () => Promise.reject(new TypeError('x is not a function')),
  };
  const { fileFollowUps } = activitiesWith({ tracker });
  await expect(activityEnvironment().execute(fileFollowUps, [task('a')])).rejects.toMatchObject({
    name: 'ApplicationFailure',
    type: 'Unexpected',
    nonRetryable: false,
    message: 'The filing of follow-ups met an unexpected error: x is not a function',
  });
});
