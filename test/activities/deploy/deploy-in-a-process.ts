import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { systemClock } from '../../../src/activities/clock.ts';
import {
  commandConfigSchema,
  createCommandDeploy,
} from '../../../src/activities/deploy/command.ts';
import { createActivities } from '../../../src/activities/index.ts';
import { createIncidentTracker } from '../../../src/activities/tracker/incident.ts';

const [dataDirectory = '', ...command] = process.argv.slice(2);
const config = commandConfigSchema.parse({ adapter: 'command', command });
const secret = () => '';
const adapter = createCommandDeploy(config, {
  ...systemClock,
  environment: process.env,
  dataDirectory,
  secret,
});
const { deploy } = createActivities({
  services: () => ({ deploy: adapter, rollback: adapter, monitoring: { window: 0, measures: [] } }),
  channels: [],
  tracker: createIncidentTracker({ adapter: 'incident' }),
  logger: pino({ level: 'silent' }),
  now: systemClock.now,
});
await new MockActivityEnvironment().run(deploy, {
  incidentId: 'INC-1',
  title: 'Checkout is down',
  service: 'shop',
  environment: 'production',
  attempt: 1,
  ref: 'v2',
  idempotencyKey: 'hotfix-INC-1/deploy/production/1',
});
