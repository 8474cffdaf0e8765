import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { createActivities } from '../../../src/activities/index.ts';
import type { Notification } from '../../../src/activities/types.ts';
import { adaptersFor } from '../../../src/config/adapters.ts';
import { createDirectory } from '../../../src/config/directory.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { notificationOf } from '../../../src/process/notifications.ts';
import { Story } from '../../support/incidents.ts';
import { answer, listen } from '../server.ts';
import { activityEnvironment, adapterDeps } from '../support.ts';
import { calendar, event } from './support.ts';

const people = { ana: { name: 'Ana Ito' }, ben: { name: 'Ben Osei' }, cy: { name: 'Cy' } };

const fileFor = (url: string) =>
  stringify({
    people,
    teams: { security: ['cy'] },
    onCall: { primary: { adapter: 'ical', url } },
    roles: { reviewer: ['primary'], securityReviewer: ['security'], incidentManager: ['ben'] },
  });

/** A worker as it is composed, whose one channel is a log that is read here. */
function worker(url: string, dataDirectory: string) {
  const lines: { to: string[] }[] = [];
  const logger = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
  const deps = { ...adapterDeps({ dataDirectory }), logger, pageOf: () => '' };
  const config = parseConfig(fileFor(url), {});
  const adapters = adaptersFor(config, deps);
  const { notify } = createActivities({ ...adapters, logger, now: deps.now });
  const terms = createDirectory(config).termsOf('shop');
  if (terms === 'unknown') throw new Error('The shop is known.');
  return { lines, notify, adapters, terms };
}

/** The review is late; anybody may answer here. */
function escalation(terms: ReturnType<typeof worker>['terms']): Notification {
  const story = new Story({ ...terms, people: [] });
  story.say('incidentDeclared', {}, 0, 'ben').say('priorityAssessed').say('fixReady');
  story.hear({ kind: 'clock' }, 15);
  const said = notificationOf(story.state, story.last);
  if (!said) throw new Error('An escalation is told.');
  return said;
}

test('whoever is on call when a message is sent gets it, also when the feed has gone since', async () => {
  const dataDirectory = mkdtempSync(path.join(tmpdir(), 'hotfix-oncall-'));
  onTestFinished(() => rmSync(dataDirectory, { recursive: true }));
  const feed = calendar(
    event('DTSTART:20200101T000000Z', 'DURATION:P1D', 'RRULE:FREQ=DAILY', 'SUMMARY:Ana Ito'),
  );
  const { url, close } = await listen((_, response) => answer(response, 200, feed));

  const first = worker(url, dataDirectory);
  expect(first.adapters.rotasOf('shop').map(({ name }) => name)).toEqual(['primary']);
  const message = escalation(first.terms);
  expect(message.recipients).toEqual(['primary', 'cy', 'ben']);
  const told = await activityEnvironment().execute(first.notify, [message]);
  expect(told).toMatchObject({
    deliveries: [{ to: ['ana', 'cy', 'ben'], outcome: 'delivered' }],
    onCall: [{ rota: 'primary', people: ['ana'], source: 'live' }],
  });
  expect(first.lines.map(({ to }) => to)).toEqual([['ana', 'cy', 'ben']]);

  await close();
  const second = worker(url, dataDirectory);
  expect(await activityEnvironment().execute(second.notify, [message])).toMatchObject({
    deliveries: [{ to: ['ana', 'cy', 'ben'] }],
    onCall: [
      {
        ...{ source: 'lastGood', asOf: told.onCall[0]?.asOf },
        problem: expect.stringContaining('cannot be reached (ECONNREFUSED)'),
      },
    ],
  });
});

test('while nobody can say who is on call, the message goes to the rota by its name', async () => {
  const { url } = await listen((_, response) => answer(response, 401));
  const { notify, terms } = worker(url, '/nowhere');
  expect(await activityEnvironment().execute(notify, [escalation(terms)])).toMatchObject({
    deliveries: [{ to: ['primary', 'cy', 'ben'] }],
    onCall: [{ source: 'none', problem: expect.stringContaining('(401): check the url') }],
  });
});
