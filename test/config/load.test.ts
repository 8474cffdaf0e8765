import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'hotfix-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: string | Buffer): string => {
  const place = path.join(folder, name);
  writeFileSync(place, content);
  return place;
};

const failureOf = async (place: string | null): Promise<string> => {
  const error = await loadConfig(place, {}).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).message;
};

const defaults = {
  people: {},
  tools: {},
  teams: {},
  onCall: {},
  roles: {},
  policy: { escalation: {} },
  unknownServices: 'accept',
  services: {},
  notifications: [{ adapter: 'log' }],
  tracker: { adapter: 'incident' },
};

test.each([
  ['nothing', ''],
  ['a comment', '# later\n'],
  ['an empty map', '{}'],
  ['a mark of the byte order', '\uFEFF'],
])('a file of %s gives the defaults', async (_, content) => {
  expect(await loadConfig(file('empty.yaml', content), {})).toEqual(defaults);
});

test('hotfix.yaml need not be there, and is read where it is', async () => {
  const before = process.cwd();
  try {
    process.chdir(folder);
    expect(await loadConfig(null, {})).toEqual(defaults);
    const place = file('hotfix.yaml', 'unknownServices: refuse');
    expect((await loadConfig(null, {})).unknownServices).toBe('refuse');
    rmSync(place);
  } finally {
    process.chdir(before);
  }
});

test('a file that was named must be there: a typing error does not open the service', async () => {
  const place = path.join(folder, 'hotfx.yaml');
  expect(await failureOf(place)).toBe(
    `${place}: there is no such file: correct HOTFIX_CONFIG, or create it.`,
  );
});

test('a file below the working directory is called as seen from there', async () => {
  expect(await failureOf(path.resolve('docs/none.yaml'))).toMatch(/^docs\/none\.yaml: there is/);
});

test('a directory is not a file', async () => {
  expect(await failureOf(folder)).toBe(
    `${folder}: this is a directory: name the file itself in HOTFIX_CONFIG.`,
  );
});

test('a file that may not be read says so', async () => {
  const place = file('closed.yaml', '{}');
  chmodSync(folder, 0o755);
  chmodSync(place, 0o000);
  const isRoot = process.geteuid?.() === 0;
  try {
    if (isRoot) process.seteuid?.(65534);
    expect(await failureOf(place)).toBe(
      `${place}: the file may not be read: give this user the permission to.`,
    );
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test('a file that cannot be read for another reason names it', async () => {
  const place = path.join(folder, 'loop.yaml');
  symlinkSync(place, place);
  expect(await failureOf(place)).toBe(`${place}: the file cannot be read (ELOOP).`);
});

test('bytes that are not text are told, not guessed at', async () => {
  const place = file('latin1.yaml', Buffer.from('people: { ana: { name: Zoé } }', 'latin1'));
  expect(await failureOf(place)).toBe(`${place}: the file is not UTF-8 text: save it as UTF-8.`);
});

test('a whole file becomes what it says, with durations in milliseconds', () => {
  const config = parseConfig(
    `
people:
  ana: { name: Ana Ito, token: sha256:${'A'.repeat(64)} }
  ben: { name: Ben, token: [sha256:${'b'.repeat(64)}, sha256:${'c'.repeat(64)}] }
  cy: { name: Cy }
roles: &roles
  incidentManager: [ana]
  priorityAssessor: [ana]
  bugFixer: [ana]
  reviewer: [ben]
  securityReviewer: [cy, ana, ben]
  deployer: [ana]
  monitor: [ana]
  tester: [ana]
  postMortemLead: [ana]
  processImprover: [ana]
services:
  shop:
    roles: *roles
    policy: { rollbackOnFailedVerification: false }
    deploy:
      staging: { deploy: { adapter: manual } }
      production:
        deploy: { adapter: command, command: [./deploy, now], timeout: 2m }
        rollback: { adapter: http, url: https://deploys.example.com, secretEnv: DEPLOYS }
    monitoring:
      staging: { measures: [{ adapter: command, name: smoke, command: [./smoke], success: { atMost: 0 } }] }
      production:
        soak: 10m
        measures:
          - { adapter: http, name: health, url: http://shop/healthz, status: [200, 204] }
          - { adapter: prometheus, name: errors, url: http://prom, query: up, success: { above: 0 } }
          - { adapter: json, name: queue, url: http://queue, path: $.length, failure: { above: 100 } }
notifications: []
`,
    { DEPLOYS: Buffer.from('secret').toString('base64') },
  );
  expect(config.people.ana?.token).toEqual([`sha256:${'a'.repeat(64)}`]);
  expect(config.people.ben?.token).toHaveLength(2);
  expect(config.services.shop).toMatchObject({
    roles: config.roles,
    policy: { rollbackOnFailedVerification: false, escalation: {} },
    deploy: { production: { deploy: { timeout: 120_000, command: ['./deploy', 'now'] } } },
    monitoring: {
      staging: { soak: 300_000, measures: [{ value: 'exitCode', noData: 'inconclusive' }] },
      production: {
        soak: 600_000,
        measures: [
          { status: [200, 204], initialDelay: 0 },
          { interval: 10_000, baselineWindow: 3_600_000, consecutiveErrorLimit: 4 },
          { failureLimit: 0, inconclusiveLimit: 0, failure: { above: 100 } },
        ],
      },
    },
  });
  expect(config.notifications).toEqual([]);
});

test('the example is taken', async () => {
  const config = await loadConfig('examples/hotfix.yaml', {});
  expect(Object.keys(config.services)).toEqual(['shop']);
});
