import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../../src/activities/clock.ts';
import { createActivities } from '../../src/activities/index.ts';
import { adaptersFor, type CompositionDeps } from '../../src/config/adapters.ts';
import { parseConfig } from '../../src/config/load.ts';
import { freeLock } from '../activities/support.ts';
import { webhookSecret } from './support.ts';

const dataDirectory = mkdtempSync(path.join(tmpdir(), 'hotfix-adapters-'));
afterAll(() => rmSync(dataDirectory, { recursive: true }));

const env = {
  DEPLOYS: webhookSecret,
  PROM: 'token',
  CHAT: webhookSecret,
  SMTP: 'smtp://localhost',
  TEAMS: 'https://teams.example.com/1',
};
const deps: CompositionDeps = {
  ...systemClock,
  environment: process.env,
  dataDirectory,
  pageOf: () => undefined,
  logger: pino({ level: 'silent' }),
  secret: (name) => {
    const value: string | undefined = env[name as keyof typeof env];
    if (value === undefined) throw new Error(`${name} is not set.`);
    return value;
  },
};

const text = `
services:
  shop:
    deploy:
      staging: { deploy: { adapter: http, url: https://d.example.com, secretEnv: DEPLOYS } }
      production:
        deploy: { adapter: command, command: [${JSON.stringify(process.execPath)}, -e, 'console.log(process.env.HOTFIX_ENVIRONMENT)'] }
        rollback: { adapter: http, url: https://d.example.com, secretEnv: DEPLOYS }
    monitoring:
      window: 0s
      measures:
        - { adapter: http, name: health, url: http://shop }
        - { adapter: prometheus, name: up, url: http://prom, query: up, condition: { above: 0 }, tokenEnv: PROM }
notifications:
  - adapter: log
  - { adapter: webhook, name: chat, url: http://chat, secretEnv: CHAT }
  - { adapter: email, from: hotfix@example.com, urlEnv: SMTP }
  - { adapter: slack, channel: '#incidents', tokenEnv: PROM }
  - { adapter: pagerduty, routingKeyEnv: PROM }
  - { adapter: teams, urlEnv: TEAMS, name: room }
people: { ana: { name: Ana, contacts: { email: ana@example.com } } }
`;

const namesOf = (service: string) => {
  const { services } = adaptersFor(parseConfig(text, env), deps);
  return (['staging', 'production'] as const).map((environment) => {
    const { deploy, rollback, monitoring } = services(service, environment);
    const measures = monitoring.measures.map(({ name, adapter }) => `${adapter} ${name}`);
    return { deploy: deploy.name, rollback: rollback.name, measures };
  });
};

test('each environment of a service has the adapters that the file names', () => {
  const measures = ['http health', 'prometheus up'];
  expect(namesOf('shop')).toEqual([
    { deploy: 'http', rollback: 'manual', measures },
    { deploy: 'command', rollback: 'http', measures },
  ]);
});

test.each(['bank', 'constructor'])('%s, which it does not name, is by hand', (service) => {
  const byHand = { deploy: 'manual', rollback: 'manual', measures: [] };
  expect(namesOf(service)).toEqual([byHand, byHand]);
});

test('the channels and the tracker are those of the file', () => {
  const { channels, tracker } = adaptersFor(parseConfig(text, env), deps);
  expect(channels.map(({ name }) => name)).toEqual([
    'log',
    'chat',
    'email',
    'slack',
    'pagerduty',
    'room',
  ]);
  expect(tracker.name).toBe('incident');
});

test('a deploy by the composed activities runs the configured program', async () => {
  const activities = createActivities({
    ...adaptersFor(parseConfig(text, env), deps),
    logger: deps.logger,
    now: deps.now,
    lock: freeLock,
  });
  const step = {
    incidentId: 'INC-1',
    title: 'Down',
    service: 'shop',
    environment: 'production',
    attempt: 1,
    ref: 'v2',
    idempotencyKey: 'INC-1/deploy/production/1',
  } as const;
  const result = await new MockActivityEnvironment().run(activities.deploy, step);
  expect(result).toMatchObject({ adapter: 'command', outcome: 'succeeded' });
  expect((result as { output: string }).output).toContain('production');
});

test('a secret that is missing is missed when the adapters are made', () => {
  const config = parseConfig(text, env);
  const secret = () => {
    throw new Error('DEPLOYS is not set.');
  };
  expect(() => adaptersFor(config, { ...deps, secret })).toThrow('DEPLOYS is not set.');
});
