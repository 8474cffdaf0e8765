import { expect, test } from 'vitest';
import {
  createPagerDutyRota,
  pagerDutyRotaConfigSchema,
} from '../../../src/activities/oncall/pagerduty.ts';
import { listenAsPagerDuty, type PagerDutyAccount } from '../../support/standins/pagerduty-rest.ts';
import { answer, listen } from '../server.ts';
import { adapterDeps } from '../support.ts';
import { ask, never, people } from './support.ts';

const now = '2026-01-05T12:00:00Z';
const token = 'token-of-a-test';
const [ana, ben, zoe] = [
  { id: 'PANA001', summary: 'Ana Ito' },
  { id: 'PBEN002', summary: 'Ben Osei' },
  { id: 'PZOE003', summary: 'Zoe Q' },
];

const rotaAt = (apiUrl: string, schedules: string[], change: object = {}) =>
  createPagerDutyRota(
    'primary',
    pagerDutyRotaConfigSchema.parse({
      ...{ adapter: 'pagerduty', apiUrl, schedules, tokenEnv: 'TEST_TOKEN' },
      ...change,
    }),
    people,
    adapterDeps(),
  );

async function asked(account: Partial<PagerDutyAccount>, schedules = ['PSHOP01']) {
  const whole = { token, schedules: { PSHOP01: [ana] }, ...account };
  const { url, received } = await listenAsPagerDuty(whole);
  const found = await ask(rotaAt(`${url}/`, schedules), now).catch((error: unknown) => error);
  return { found, received };
}

test('whoever is on call in one of the schedules, each once', async () => {
  const { found, received } = await asked(
    { schedules: { PSHOP01: [ana, ben], PSHOP02: [ana], POTHER1: [zoe] } },
    ['PSHOP01', 'PSHOP02'],
  );
  expect(found).toEqual({ people: ['ana', 'ben'], strangers: [] });
  const query = new URL(received[0]?.path ?? '', 'http://pagerduty').searchParams;
  expect([...query].map((pair) => pair.join('=')).toSorted()).toEqual([
    ...['earliest=true', 'limit=100', 'offset=0'],
    ...['schedule_ids[]=PSHOP01', 'schedule_ids[]=PSHOP02'],
  ]);
});

test('whom nobody here knows is told as PagerDuty calls them; nobody is an answer', async () => {
  const { found } = await asked({
    schedules: { PSHOP01: [ana, zoe, { id: 'PX', summary: null }] },
  });
  expect(found).toEqual({ people: ['ana'], strangers: ['Zoe Q (PZOE003)', 'PX (PX)'] });
  expect((await asked({ schedules: { PSHOP01: [] } })).found).toEqual({
    people: [],
    strangers: [],
  });
});

test('all the pages are read', async () => {
  const many = Array.from({ length: 230 }, (_, n) => ({ id: `PUSER${n}`, summary: `User ${n}` }));
  const { found, received } = await asked({ schedules: { PSHOP01: [...many, ben] } });
  expect(found).toMatchObject({ people: ['ben'] });
  expect((found as { strangers: string[] }).strangers).toHaveLength(230);
  expect(received).toHaveLength(3);
});

test('pages without an end are given up at what the API can leaf through', async () => {
  const endless = { oncalls: [{ user: ana }], more: true };
  const { url, received } = await listen((_, response) => answer(response, 200, endless));
  await expect(ask(rotaAt(url, ['PSHOP01']), now)).rejects.toThrow(
    'PagerDuty names more than 10000 entries for PSHOP01: name fewer schedules.',
  );
  expect(received).toHaveLength(100);
});

test.each<[number, object, Record<string, string>?]>([
  [400, { type: 'Refused', nonRetryable: true, message: /refuses the request \(400\).*2001/ }],
  [401, { type: 'Unauthorized', nonRetryable: true, message: /check the token in TEST_TOKEN/ }],
  [402, { type: 'Forbidden', nonRetryable: true, message: /does not offer schedules/ }],
  [
    403,
    { type: 'Forbidden', nonRetryable: true, message: /give the token in TEST_TOKEN the right/ },
  ],
  [404, { type: 'NotFound', nonRetryable: true, message: /none of the schedules PSHOP01 \(404\)/ }],
  [
    429,
    { type: 'Busy', nonRetryable: false, nextRetryDelay: 20_000, message: /no more requests/ },
    { 'ratelimit-limit': '960', 'ratelimit-remaining': '0', 'ratelimit-reset': '20' },
  ],
  [429, { type: 'Busy', nextRetryDelay: 7_000, message: /429/ }, { 'retry-after': '7' }],
  // Documented: a 429 may come without any of its headers.
  [429, { type: 'Busy', nonRetryable: false, message: /429/ }],
  [500, { type: 'Unreachable', nonRetryable: false, message: /fails \(500\)/ }],
])(
  'an answer of %i is told apart: %o',
  async (status, { message, ...expected }: { message?: RegExp }, headers) => {
    const { found } = await asked({ failures: [{ status, ...(headers && { headers }) }] });
    expect(found).toMatchObject(expected);
    expect((found as Error).message).toMatch(message ?? /never/);
    expect((found as Error).message).not.toContain(token);
  },
);

test('a wrong token and an unknown schedule are those of PagerDuty itself', async () => {
  expect((await asked({ token: 'another' })).found).toMatchObject({ type: 'Unauthorized' });
  expect((await asked({}, ['PGONE01'])).found).toMatchObject({ type: 'NotFound' });
});

test('an answer of another form is told', async () => {
  const { url } = await listen((_, response) => answer(response, 200, { oncalls: [{}] }));
  await expect(ask(rotaAt(url, ['PSHOP01']), now)).rejects.toThrow(/cannot be understood/);
});

test('another moment is asked for by its range, and whoever comes or goes then is told apart', async () => {
  const entry = (user: object, start: string | null, end: string | null) => ({ user, start, end });
  const oncalls = [
    entry(ana, '2026-03-01T00:00:00Z', '2026-03-02T09:00:00Z'),
    entry(ben, '2026-03-02T09:00:00Z', '2026-03-03T09:00:00Z'),
    entry(zoe, null, null),
    entry({ id: 'PCY' }, '2026-03-02T10:00:00.500+01:00', null),
  ];
  const { url, received } = await listen((_, response) =>
    answer(response, 200, { oncalls, more: false }),
  );
  const look = await rotaAt(url, ['PSHOP01']).lookAhead(never);
  expect(await look(new Date('2026-03-02T09:00:00Z'))).toEqual({
    ...{ people: ['ben'], strangers: ['Zoe Q (PZOE003)'] },
  });
  const query = new URL(received[0]?.path ?? '', 'http://pagerduty').searchParams;
  expect(Object.fromEntries(query)).toMatchObject({
    ...{ since: '2026-03-02T09:00:00.000Z', until: '2026-03-02T09:00:01.000Z' },
  });
  expect(query.has('earliest')).toBe(false);
});
