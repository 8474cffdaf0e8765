import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTemporal } from '../support/temporal.ts';
import { Bed, type LiveIncident } from '../support/workflows.ts';

const day = 24 * 60 * 60 * 1000;

let temporal: Awaited<ReturnType<typeof startTemporal>>;
let bed: Bed;

beforeAll(async () => {
  temporal = await startTemporal({
    arguments: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60'],
  });
  bed = await Bed.at(temporal.server.address);
});

afterAll(async () => {
  await bed.close();
  await temporal.stop();
});

describe('a long incident', () => {
  test('is reminded of for weeks, across restarts of the worker, until it is closed', async () => {
    const stop = await bed.work();
    const incident = await (await bed.open()).toPhase('postMortem');
    const before = (await incident.events('escalated')).length;
    await incident.skip(8 * day);
    await stop();
    const stopAgain = await bed.work();
    await incident.skip(14 * day);
    const reminded = (await incident.events('escalated')).slice(before);
    expect(reminded.length).toBeGreaterThanOrEqual(8);
    expect(reminded.every(({ data }) => data.phase === 'postMortem')).toBe(true);
    const { incident: view } = await incident.finish();
    expect(view.status).toBe('closed');
    await stopAgain();
  });

  test('goes on in new histories without losing a message', async () => {
    const stop = await bed.work();
    const incident = await (await bed.open()).toPhase('quickReview');
    const texts = Array.from({ length: 120 }, (_, index) => `comment ${index}`);
    for (let at = 0; at < texts.length; at += 10) {
      const batch = texts.slice(at, at + 10);
      await Promise.all(
        batch.map((text) => incident.send('commented', { text }, { requestId: text })),
      );
    }
    const seen = (await incident.events('commented')).map(({ data }) => data.text);
    expect(seen.sort()).toEqual(texts.sort());
    expect(await continuedFrom(incident)).toBeTruthy();
    await incident.send('commented', { text: 'again' }, { requestId: 'comment 3' });
    expect(await incident.events('commented')).toHaveLength(texts.length);
    await incident.send('sanityChecked');
    await incident.send('securityChecked');
    await incident.untilPhase('deploy');
    await stop();
  });
});

/** The run before this one, as the history itself tells. */
async function continuedFrom({ handle }: LiveIncident): Promise<string | null | undefined> {
  const { events } = await handle.fetchHistory();
  return events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
}
