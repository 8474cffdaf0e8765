import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { spell } from '../../src/process/duration.ts';
import { phases } from '../../src/process/phases.ts';
import { defaultEscalations } from '../../src/process/policy.ts';
import { webhookSecret } from './support.ts';

const page = readFileSync('docs/configuration.md', 'utf8');
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);
const env = {
  DEPLOY_SECRET: webhookSecret,
  CHAT_SECRET: webhookSecret,
  PROMETHEUS_TOKEN: 'token',
  DEPLOY_TOKEN: 'token',
  SHOP_DEPLOYER_TOKEN: 'token',
  SMTP_URL: 'smtps://hotfix:secret@mail.example.com',
  TEAMS_URL: 'https://example.com/workflows/1',
  SLACK_TOKEN: 'xoxb-token',
  SLACK_SIGNING_SECRET: 'secret',
  PAGERDUTY_KEY: '0123456789abcdef0123456789abcdef',
  LINK_SECRET: Buffer.alloc(32, 1).toString('base64'),
  ON_CALL_FEED: 'https://calendar.example.com/feed.ics',
  PAGERDUTY_TOKEN: 'token',
};

test('there are examples', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(5);
});

test.each(blocks)('the example is taken:\n%s', (text) => {
  expect(() => parseConfig(text, env)).not.toThrow();
});

test.each(phases)('the limits of %s are those of the process', (phase) => {
  const [, limit = '', repeat = ''] =
    new RegExp(`\\| \`${phase}\` \\| \`(\\w+)\` \\| \`(\\w+)\` \\|`).exec(page) ?? [];
  const { escalation } = parseConfig(
    `policy: { escalation: { ${phase}: { limit: ${limit}, repeatEvery: ${repeat}, levels: [{ name: a, notify: [waiting], acknowledgeWithin: 1m, decideWithin: 1m }] } } }`,
    env,
  ).policy;
  const { limit: expected, repeatEvery } = defaultEscalations[phase];
  expect(spell(escalation[phase]?.limit ?? 0)).toBe(spell(expected));
  expect(spell(escalation[phase]?.repeatEvery ?? 0)).toBe(spell(repeatEvery));
});

test('every key of the file is on the page', () => {
  const schema = readFileSync('hotfix.schema.json', 'utf8');
  const keys = new Set<string>();
  JSON.parse(schema, (key: string, value: unknown) => {
    if (key !== 'properties') return value;
    for (const name of Object.keys(value as object)) keys.add(name);
    return value;
  });
  expect(keys.size).toBeGreaterThan(40);
  expect([...keys].filter((key) => !new RegExp(`[\`.\\]]${key}\\b`).test(page))).toEqual([]);
});
