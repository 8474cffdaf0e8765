/*
 * One attempt of an activity in a process of its own, which a test can kill:
 * `node attempt.mjs FILE`, the file being the JSON of an `Attempt` in worker.ts. Plain JavaScript over
 * the compiled code, so that it starts at once and is what ships. Appends to `log`, a line of JSON
 * each: {heartbeat}, then {result} or {error}, after which it waits to be killed.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { systemClock } from '../../../../dist/src/activities/clock.js';
import { createActivities } from '../../../../dist/src/activities/index.js';
import { adaptersFor } from '../../../../dist/src/config/adapters.js';
import { parseConfig } from '../../../../dist/src/config/load.js';

const { log, config, env, dataDirectory, activity, step, heartbeatDetails, attempt } = JSON.parse(
  readFileSync(process.argv[2], 'utf8'),
);
const write = (line) => appendFileSync(log, `${JSON.stringify(line)}\n`);

const logger = pino({ level: 'silent' });
const activities = createActivities({
  ...adaptersFor(parseConfig(config, env), {
    ...systemClock,
    environment: process.env,
    dataDirectory,
    logger,
    secret: (name) => env[name],
    pageOf: () => '',
  }),
  logger,
  now: systemClock.now,
  // The lock has tests of its own, on a real server.
  lock: {
    acquire: async () => ({ place: 'granted' }),
    release: async () => {},
    giveUp: async () => {},
  },
});

const environment = new MockActivityEnvironment(
  // The server's time, which is the same for every attempt.
  {
    ...{ heartbeatDetails, attempt, heartbeatTimeoutMs: 3_000 },
    currentAttemptScheduledTimestampMs: Date.now(),
  },
  { logger: new DefaultLogger('ERROR') },
);
environment.on('heartbeat', (details) => write({ heartbeat: details ?? null }));
try {
  write({ result: await environment.run(activities[activity], step) });
} catch (error) {
  write({ error: { type: error.type, message: error.message } });
}
setInterval(() => undefined, 1_000);
