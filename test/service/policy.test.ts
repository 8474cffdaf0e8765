import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/problems.ts';
import { dryRun } from '../../src/process/dryRun.ts';
import { serviceTermsSchema } from '../../src/process/events.ts';
import { policyCommand } from '../../src/service/policy-command.ts';
import { barOf } from '../../src/service/policy-picture.ts';
import { calendar, event } from '../activities/oncall/support.ts';
import { answer, closedUrl, listen } from '../activities/server.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'hotfix-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const envOf = (text: string) => {
  const file = path.join(folder, 'hotfix.yaml');
  writeFileSync(file, text);
  return { HOTFIX_CONFIG: file };
};

const now = new Date('2026-11-27T18:00:00.000Z');
const run = (args: string[], text: string, hasColour = false) =>
  policyCommand(args, envOf(text), { now, hasColour });

const text = `
people: { ana: { name: Ana }, ben: { name: Ben }, cy: { name: Cy }, monitor: { name: Mo } }
roles: { incidentManager: [ana], reviewer: [ben], securityReviewer: [cy], monitor: [monitor] }
policy:
  escalation:
    postMortem:
      limit: 3d
      repeatEvery: 2d
      workingHours: { timeZone: Europe/Berlin }
      levels: [{ name: reminder, notify: [waiting], channels: [log], acknowledgeWithin: 2d, decideWithin: 2d }]
services:
  shop: { roles: { reviewer: [ana] } }
  cart: {}
`;

const review = `
Quick review
  after   UTC               level               whom                by
  0s      Fri 27 Nov 18:00  their turn          ana, cy             log
  15m     Fri 27 Nov 18:15  1 reviewers and     ana, cy             log
                            incident manager
  20m     Fri 27 Nov 18:20  2 incident manager  ana, cy, deployer   log
                            and deployer        (nobody)
  25m     Fri 27 Nov 18:25  level 2 again, and so on every 5m
`;

const picture = `
  Quick review          ○━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━1━━━━━━━━━━2━━━━━━━━━━↻
                        0s                               15m        20m      25m
`;

describe('npm run policy', () => {
  test('shows each wait as a bar and as a table', async () => {
    const { exitCode, output, warning } = await run(['shop'], text);
    expect({ exitCode, warning }).toEqual({ exitCode: 0, warning: undefined });
    expect(output).toContain('shop: who would be told when');
    expect(output).toContain(review);
    expect(output).toContain(picture);
    expect(output).toContain('\n  0s      Fri 27 Nov 18:00  the bypass          everyone');
    expect(output).toMatch(/their turn +monitor, tester +log\n +\(nobody\)/);
  });

  test('fits into 80 columns, in colour, too', async () => {
    const plain = (await run(['shop'], text)).output;
    const coloured = (await run(['shop'], text, true)).output;
    expect(Math.max(...plain.split('\n').map(({ length }) => length))).toBe(80);
    expect(coloured).not.toBe(plain);
    expect(stripVTControlCharacters(coloured)).toBe(plain);
  });

  test.each([
    ['2026-11-27T18:00Z', 'Fri 27 Nov 19:00', '3d 14h  Tue 01 Dec 09:00'],
    ['2026-11-24T09:30:00+01:00', 'Tue 24 Nov 09:30', '3d      Fri 27 Nov 09:30'],
  ])('from %s on, in the hours and the zone of the policy', async (from, begin, reminder) => {
    const { output } = await run(['shop', '--from', from], text);
    const [, table = ''] = output.split('\nPost-mortem\n');
    expect(table).toContain('after   Europe/Berlin');
    expect(table).toContain(begin);
    expect(table).toContain(reminder);
    expect(output).toContain('┄');
  });

  test('a service takes its own roles over the others', async () => {
    expect((await run(['cart'], text)).output).toContain('their turn          ben, cy ');
  });

  test('without services in the file, what it says holds for any', async () => {
    expect((await run(['anything'], '{}')).output).toContain('anything: who would be told when');
    expect((await run(['shop'], 'notifications: []')).output).toMatch(/their turn .* none\n/);
  });

  const withRota = (url: string) =>
    text.replace('reviewer: [ben]', 'reviewer: [primary]') +
    `onCall: { primary: { adapter: ical, url: '${url}' } }\n`;

  test('a rota is whoever is on call when they would be told', async () => {
    const shift = (from: string, to: string, name: string) =>
      event(`DTSTART:20261127T${from}Z`, `DTEND:20261127T${to}Z`, `SUMMARY:${name}`);
    const feed = calendar(shift('120000', '181000', 'Ben'), shift('181000', '230000', 'Cy'));
    const { url, received } = await listen((_, response) => answer(response, 200, feed));
    const { output, warning } = await run(['cart'], withRota(url));
    expect(received).toHaveLength(1);
    const [, table = ''] = output.split('\nQuick review\n');
    expect(table).toMatch(/18:00 +their turn +primary \(ben\), cy/);
    expect(table).toMatch(/18:15 +1 reviewers and +primary \(cy\), cy/);
    expect(warning).toBeUndefined();
  });

  test('a rota that cannot say is shown so, and why', async () => {
    const { exitCode, output, warning } = await run(['cart'], withRota(await closedUrl()));
    expect(exitCode).toBe(0);
    expect(output).toContain('primary (?), cy');
    expect(warning).toMatch(/^primary cannot say who is on call: .*\n$/);
  });

  test.each<[string[], RegExp]>([
    [[], /^Say which service\.\n\nUsage: npm run policy/],
    [['shop', 'cart'], /^One service at a time\./],
    [['shop', '--from', 'tomorrow'], /^"tomorrow" is not a time: write one as 2026-11-27T18:00Z\./],
    [['shop', '--from', '2026-02-30T18:00Z'], /is not a time/],
    [['shop', '--from'], /--from/],
    [['shop', '--until', 'x'], /--until/],
    [['toString'], /^hotfix\.yaml has no service "toString"; its services are shop, cart\.\n$/],
  ])('%j is told what is wrong', async (args, sentence) => {
    const { exitCode, output, warning } = await run(args, text);
    expect({ exitCode, output }).toEqual({ exitCode: 2, output: '' });
    expect(warning).toMatch(sentence);
  });

  test('--help is the usage, whatever the file is', async () => {
    expect(await run(['--help'], '{')).toMatchObject({
      exitCode: 0,
      output: expect.stringMatching(/^Usage:/),
    });
  });

  test('a file that is wrong is told as at start', async () => {
    await expect(run(['shop'], 'servcies: {}')).rejects.toThrow(ConfigError);
  });
});

test('a bar has a mark for each telling, in order, however close they are', () => {
  const wait = fc.integer({ min: 0, max: 10_000_000 });
  const levels = fc.array(wait, { minLength: 1, maxLength: 10 });
  const shape = fc.tuple(
    wait,
    levels,
    fc.integer({ min: 0, max: 10 }),
    fc.integer({ min: 2, max: 60 }),
  );
  fc.assert(
    fc.property(shape, ([limit, waits, repeat, width]) => {
      const quickFix = {
        ...{ limit, repeat, repeatEvery: 1_000 },
        levels: waits.map((acknowledgeWithin) => ({
          ...{ name: 'a', notify: ['waiting'], acknowledgeWithin, decideWithin: 0 },
        })),
      };
      const terms = serviceTermsSchema.parse({ policy: { escalation: { quickFix } } });
      const dry = dryRun(terms, 'shop', now.toISOString()).find(({ of }) => of === 'quickFix');
      if (!dry) throw new Error('every phase has a run');
      const { cells } = barOf(dry, width);
      const marks = cells.flatMap(({ told }) => told ?? []);
      expect(marks).toEqual([...dry.tellings.map(({ level }) => level), 'again']);
      expect(cells.length).toBe(Math.max(width, marks.length));
    }),
  );
});
