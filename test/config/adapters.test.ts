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
import { notificationOf } from '../../src/process/notifications.ts';
import { freeLock } from '../activities/support.ts';
import { linkSecret } from '../links/support.ts';
import { Story } from '../support/incidents.ts';
import { webhookSecret } from './support.ts';

const dataDirectory = mkdtempSync(path.join(tmpdir(), 'hotfix-adapters-'));
afterAll(() => rmSync(dataDirectory, { recursive: true }));

const env = {
  DEPLOYS: webhookSecret,
  PROM: 'token',
  CHAT: webhookSecret,
  FORGE: 'token',
  SMTP: 'smtp://localhost',
  TEAMS: 'https://teams.example.com/1',
  LINKS: linkSecret,
  FEED: 'http://calendar/secret',
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
      staging:
        soak: 0s
        measures:
          - { adapter: command, name: smoke, command: [./smoke], success: { atMost: 0 } }
      production:
        measures:
          - { adapter: http, name: health, url: http://shop }
          - { adapter: prometheus, name: up, url: http://prom, query: up, success: { above: 0 }, tokenEnv: PROM }
          - { adapter: json, name: queue, url: http://q, path: $.length, success: { below: 9 }, tokenEnv: PROM }
  cart:
    roles: { tester: [ana], monitor: [ana] }
    deploy:
      staging: { deploy: &run { adapter: github-workflow, repository: acme/cart, workflow: d.yml, tokenEnv: FORGE } }
      production:
        deploy: { adapter: github-deployment, repository: acme/cart, tokenEnv: FORGE }
        rollback: *run
  depot:
    deploy:
      production:
        deploy: { adapter: kubernetes, kind: Deployment, namespace: depot, name: depot, image: 'depot:{ref}', server: https://k, tokenEnv: FORGE }
  desk:
    deploy:
      staging: { deploy: *run, rollback: { adapter: manual } }
      production: { deploy: { adapter: github-deployment, repository: acme/desk, tokenEnv: FORGE } }
people: { ana: { name: Ana, contacts: { email: ana@example.com } } }
onCall:
  primary: { adapter: ical, urlEnv: FEED }
  leads: { adapter: pagerduty, schedules: [PI7DH85], tokenEnv: FORGE }
  unused: { adapter: ical, url: http://calendar }
roles: { tester: [primary], monitor: [primary] }
policy: { mayManage: [leads] }
notifications:
  - adapter: log
  - { adapter: webhook, name: chat, url: http://chat, secretEnv: CHAT }
  - { adapter: email, from: hotfix@example.com, urlEnv: SMTP }
  - { adapter: slack, channel: '#incidents', tokenEnv: PROM }
  - { adapter: pagerduty, routingKeyEnv: PROM }
  - { adapter: teams, urlEnv: TEAMS, name: room }
`;

const namesOf = (service: string) => {
  const { services } = adaptersFor(parseConfig(text, env), deps);
  return (['staging', 'production'] as const).map((environment) => {
    const { deploy, rollback, monitoring } = services(service, environment);
    const measures = monitoring.measures.map(({ name, adapter }) => `${adapter} ${name}`);
    return { deploy: deploy.name, rollback: rollback.name, soak: monitoring.soak, measures };
  });
};

test('each environment of a service has the adapters that the file names', () => {
  const measures = ['http health', 'prometheus up', 'json queue'];
  expect(namesOf('shop')).toEqual([
    { deploy: 'http', rollback: 'manual', soak: 0, measures: ['command smoke'] },
    { deploy: 'command', rollback: 'http', soak: 300_000, measures },
  ]);
});

test('an adapter that goes back by itself is its own rollback, unless the file says otherwise', () => {
  const unmeasured = { soak: 0, measures: [] };
  expect(namesOf('cart')).toEqual([
    { deploy: 'github-workflow', rollback: 'github-workflow', ...unmeasured },
    { deploy: 'github-deployment', rollback: 'github-workflow', ...unmeasured },
  ]);
  expect(namesOf('depot')[1]).toEqual({
    deploy: 'kubernetes',
    rollback: 'kubernetes',
    ...unmeasured,
  });
  expect(namesOf('desk')).toEqual([
    { deploy: 'github-workflow', rollback: 'manual', ...unmeasured },
    { deploy: 'github-deployment', rollback: 'github-deployment', ...unmeasured },
  ]);
});

test.each(['bank', 'constructor'])('%s, which it does not name, is by hand', (service) => {
  const byHand = { deploy: 'manual', rollback: 'manual', soak: 0, measures: [] };
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

test('who is told has their name, their contacts and, where the file says so, their link', async () => {
  const people = 'people: { ana: { name: Ana Ito, contacts: { email: ana@example.com } } }\n';
  const links = 'links: { url: https://hotfix.example.com, secretEnv: LINKS }\n';
  const story = new Story({ assignments: { reviewer: ['ana'] } }).until('quickReview');
  const message = notificationOf(story.state, story.last);
  if (!message) throw new Error('A phase is told.');
  const recipients = (yaml: string) => {
    const { recipientOf } = adaptersFor(parseConfig(yaml, env), deps);
    return Promise.all(['ana', 'securityReviewer'].map((name) => recipientOf(name, message)));
  };
  const ana = { id: 'ana', name: 'Ana Ito', contacts: { email: 'ana@example.com' } };
  const role = { id: 'securityReviewer', name: 'securityReviewer', contacts: {} };
  expect(await recipients(people)).toEqual([ana, role]);
  const link = expect.stringMatching(/^https:\/\/hotfix\.example\.com\/act\//);
  expect(await recipients(people + links)).toEqual([{ ...ana, link }, role]);
});

test('a service has the rotas that its roles and its policy name', () => {
  const { rotasOf } = adaptersFor(parseConfig(text, env), deps);
  const namesFor = (service: string) => rotasOf(service).map(({ name }) => name);
  expect(namesFor('shop')).toEqual(['primary', 'leads']);
  expect(namesFor('cart')).toEqual(['leads']);
  expect(namesFor('constructor')).toEqual(['primary', 'leads']);
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
