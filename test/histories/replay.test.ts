import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { describe, expect, test } from 'vitest';
import { workflowBundle } from '../support/workflows.ts';
import { paths } from './paths.ts';

const folder = new URL('.', import.meta.url);
const recorded = readdirSync(folder).filter((name) => name.endsWith('.json.gz'));

interface History {
  events: {
    eventType: string;
    workflowExecutionStartedEventAttributes?: { workflowId: string };
    activityTaskScheduledEventAttributes?: { activityType: object };
  }[];
}

const read = (name: string): History =>
  JSON.parse(gunzipSync(readFileSync(new URL(name, folder))).toString());

/** By its own id, which a lock holds its argument against. */
const replay = (history: History) =>
  Worker.runReplayHistory(
    { workflowBundle },
    history,
    history.events[0]?.workflowExecutionStartedEventAttributes?.workflowId,
  );

describe('the workflow replays what was recorded', () => {
  test('of every path', () => {
    const missing = paths.filter(
      ({ name }) => !recorded.some((file) => file.includes(`-${name}.`)),
    );
    expect(missing).toEqual([]);
  });

  test.each(recorded)('%s', async (name) => {
    await replay(read(name));
  });

  test('and a history that this code cannot have made is found out', async () => {
    const history = read(recorded.find((name) => name.includes('straight')) ?? '');
    const scheduled = history.events.find((event) => event.activityTaskScheduledEventAttributes);
    Object.assign(scheduled?.activityTaskScheduledEventAttributes?.activityType ?? {}, {
      name: 'deployToTheMoon',
    });
    await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
  });
});
