import { createHash } from 'node:crypto';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { decodeJwt, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { IncidentAnswer } from '../../../src/api/gateway/read.ts';
import type { IncidentEvent } from '../../../src/process/events.ts';
import type { Notification } from '../../../src/process/notifications.ts';
import type { SignalName } from '../../../src/process/signals.ts';
import { linksAt, tokenIn } from '../../links/support.ts';
import { actorOf, bodies } from '../../support/incidents.ts';
import { asCaller, call, guarded, TestApi, until } from '../support.ts';

/** The people of `guarded`, of whom Rachel may also make fixes. */
const yaml = stringify({
  ...parse(guarded),
  roles: { ...parse(guarded).roles, bugFixer: ['bug-fixer', 'rachel'] },
  services: {
    hasty: {
      policy: {
        escalation: {
          quickReview: {
            limit: '1s',
            levels: [
              {
                ...{ name: 'first', notify: ['waiting', 'incidentManager'] },
                ...{ acknowledgeWithin: '1h', decideWithin: '1h' },
              },
            ],
            repeatEvery: '1h',
          },
        },
      },
    },
  },
});

let api: TestApi;
let app: FastifyInstance;
/** Every message of every incident, oldest first. */
const told: Notification[] = [];
const tell = {
  async notify(batch: Notification[]) {
    told.push(...batch);
    return { deliveries: [], onCall: [] };
  },
};

beforeAll(async () => {
  api = await TestApi.start();
  app = await api.build(yaml, { links: linksAt() });
});
afterAll(() => api.stop());

const as = (person: string, options: InjectOptions) => ({ ...options, headers: asCaller(person) });
const read = async (id: string) =>
  (await call<IncidentAnswer>(app, as('inci', { url: `/incidents/${id}` }))).body;
const timelineOf = async (id: string) =>
  (await call<IncidentEvent[]>(app, as('inci', { url: `/incidents/${id}/timeline` }))).body;
const eventsOf = async (id: string, type: IncidentEvent['type']) =>
  (await timelineOf(id)).filter((event) => event.type === type);

const open = async (request: object = {}): Promise<string> => {
  const payload = { title: 'Checkout is down', service: 'shop', ...request };
  const options = as('inci', { method: 'POST', url: '/incidents', payload });
  return (await call<IncidentAnswer>(app, options)).body.id;
};

const say = (id: string, name: SignalName, body: object = {}, by = actorOf(name)) =>
  call(
    app,
    as(by, {
      method: 'POST',
      url: `/incidents/${id}/signals/${name}`,
      payload: { ...bodies[name], ...body },
    }),
  );

/** The newest message of an incident in a phase. */
const message = (id: string, phase: string, attempt = 1) =>
  until(() =>
    told.findLast(
      ({ incidentId, incident }) =>
        incidentId === id && incident.phase === phase && incident.attempt === attempt,
    ),
  );

const tokenFor = async (person: string, id: string, phase = 'quickReview', attempt = 1) =>
  tokenIn(await linksAt().linkFor(person, await message(id, phase, attempt)));

const get = (token: string, method: 'GET' | 'HEAD' = 'GET', from = app) =>
  from.inject({ method, url: `/act/${token}` });
const post = (token: string, body: Record<string, string> | string, from = app) =>
  from.inject({
    method: 'POST',
    url: `/act/${token}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: typeof body === 'string' ? body : new URLSearchParams(body).toString(),
  });

const approval = { verdict: 'approved', noBreakingChanges: 'true', noDataLoss: 'true' };

const inReview = async (by = 'bug-fixer', request: object = {}) => {
  const id = await open(request);
  for (const name of ['incidentDeclared', 'priorityAssessed'] as const) await say(id, name);
  await say(id, 'fixReady', {}, by);
  return id;
};

const rejected = async () => {
  const id = await inReview();
  const token = await tokenFor('rachel', id);
  await say(id, 'securityChecked', { verdict: 'rejected' });
  return { id, token };
};

describe('with a worker', () => {
  let stopWorker: () => Promise<void>;
  beforeAll(async () => {
    stopWorker = await api.bed.work(tell);
  });
  afterAll(() => stopWorker());

  test('opening a link shows what is decided, and decides nothing, however often', async () => {
    const id = await inReview();
    const token = await tokenFor('rachel', id);
    const before = await timelineOf(id);
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(token)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(20).fill(200));
    expect((await get(token, 'HEAD')).statusCode).toBe(200);
    const { body } = await get(token);
    for (const text of [
      ...['Checkout is down', 'shop', 'Quick review', 'attempt 1', 'Nobody can pay.'],
      ...['rachel', 'v42', 'Reverts the broken query.', 'Sanity check', 'Made by'],
      ...['There is no breaking change', 'No data is lost', '<form method="post"'],
    ]) {
      expect(body).toContain(text);
    }
    expect(await timelineOf(id)).toEqual(before);
    expect(await eventsOf(id, 'sanityChecked')).toEqual([]);
  });

  test('the form acts once, as its person', async () => {
    const id = await inReview();
    const token = await tokenFor('rachel', id);
    const done = await post(token, { ...approval, note: 'Looks <fine>' });
    expect([done.statusCode, done.body]).toEqual([200, expect.stringContaining('Done')]);
    const [event] = await eventsOf(id, 'sanityChecked');
    expect(event).toMatchObject({
      by: 'rachel',
      data: { ...bodies.sanityChecked, note: 'Looks <fine>' },
    });

    const again = await post(token, { verdict: 'rejected' });
    expect(again.statusCode).toBe(410);
    expect(again.body).toContain('This link was used already');
    expect(again.body).toContain('Looks &lt;fine&gt;');
    expect((await get(token)).body).toContain('This link was used already');
    expect(await eventsOf(id, 'sanityChecked')).toHaveLength(1);
    expect(await eventsOf(id, 'signalRefused')).toEqual([]);
    expect(await read(id)).toMatchObject({ phase: 'quickReview', attempt: 1 });
  });

  test('many at once are one, and each is shown what stands', async () => {
    const id = await inReview();
    const token = await tokenFor('rachel', id);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        post(token, { ...approval, note: `The note of ${index}` }),
      ),
    );
    const [event] = await eventsOf(id, 'sanityChecked');
    const [note = 'none'] = /The note of \d/.exec(JSON.stringify(event)) ?? [];
    for (const { body } of answers) expect(body).toContain(note);
    expect(await eventsOf(id, 'sanityChecked')).toHaveLength(1);
  });

  test('what is missing is said at the form, which keeps what was entered', async () => {
    const id = await inReview();
    const token = await tokenFor('rachel', id);
    const { statusCode, body } = await post(token, { verdict: 'approved', note: 'a "quote"' });
    expect(statusCode).toBe(422);
    expect(body).toContain('Nothing was sent yet');
    expect(body).toContain('An approval says that');
    expect(body).toContain('a &quot;quote&quot;');
    expect(body).toMatch(/value="approved" required checked/);
    expect((await timelineOf(id)).some(({ requestId }) => requestId?.startsWith('link:'))).toBe(
      false,
    );
    expect((await post(token, approval)).statusCode).toBe(200);
  });

  test('a refusal comes with its reason: nobody reviews their own fix', async () => {
    const id = await inReview('rachel');
    const token = await tokenFor('rachel', id);
    const { statusCode, body } = await post(token, approval);
    expect(statusCode).toBe(409);
    expect(body).toContain('rachel made the fix and cannot review it');
    expect(await eventsOf(id, 'signalRefused')).toMatchObject([
      { by: 'rachel', data: { code: 'four_eyes' } },
    ]);
    const again = await post(token, approval);
    expect([again.statusCode, again.body]).toEqual([410, expect.stringContaining('and refused')]);
    expect(await eventsOf(id, 'signalRefused')).toHaveLength(1);
  });

  test('an older message is over when its phase is, also in the next attempt', async () => {
    const { id, token } = await rejected();
    await until(async () => (await read(id)).attempt === 2);
    for (const answer of [await get(token), await post(token, approval)]) {
      expect(answer.statusCode).toBe(410);
      expect(answer.body).toContain('You were asked in Quick review, attempt 1');
    }
    await say(id, 'fixReady', { ref: 'v43' });
    await message(id, 'quickReview', 2);
    const { statusCode } = await post(token, approval);
    expect(statusCode).toBe(410);
    expect(await read(id)).toMatchObject({ phase: 'quickReview', attempt: 2, completed: {} });
    expect(await eventsOf(id, 'sanityChecked')).toEqual([]);
    expect((await post(await tokenFor('rachel', id, 'quickReview', 2), approval)).statusCode).toBe(
      200,
    );
  });

  test('the process itself refuses what was asked for in another attempt', async () => {
    const { id } = await rejected();
    await say(id, 'fixReady', { ref: 'v43' });
    await message(id, 'quickReview', 2);
    const handle = api.bed.client.workflow.getHandle(`hotfix-${id}`);
    const during = { phase: 'quickReview', attempt: 1 };
    await handle.signal('sanityChecked', { ...bodies.sanityChecked, by: 'rachel', during });
    const [refusal] = await until(async () => {
      const refusals = await eventsOf(id, 'signalRefused');
      return refusals.length > 0 ? refusals : undefined;
    });
    expect(refusal).toMatchObject({
      data: { code: 'wrong_phase', reason: expect.stringContaining('asked for in quickReview') },
    });
  });

  test('a second link for what is done says who has done it', async () => {
    const id = await inReview();
    const token = await tokenFor('rachel', id);
    await say(id, 'sanityChecked');
    const { statusCode, body } = await get(token);
    expect([statusCode, body]).toEqual([410, expect.stringContaining('rachel has answered at')]);
    expect((await post(token, approval)).statusCode).toBe(410);
  });

  test('a role that was handed over is refused by the process', async () => {
    const id = await inReview();
    const token = await tokenFor('rachel', id);
    await say(id, 'roleAssigned', { role: 'reviewer', person: 'george' });
    const shown = await get(token);
    expect([shown.statusCode, shown.body]).toEqual([403, expect.stringContaining('george')]);
    const { statusCode, body } = await post(token, approval);
    expect([statusCode, body]).toEqual([403, expect.stringContaining('not for rachel')]);
    expect(await eventsOf(id, 'sanityChecked')).toEqual([]);
  });

  test('after the end of the incident nothing is left', async () => {
    const id = await inReview();
    const token = await tokenFor('rachel', id);
    await say(id, 'incidentAborted');
    for (const answer of [await get(token), await post(token, approval)]) {
      expect(answer.statusCode).toBe(410);
      expect(answer.body).toContain('The incident is aborted');
    }
  });

  test('an expired link, one of another service and one of no incident decide nothing', async () => {
    const id = await inReview();
    const notification = await message(id, 'quickReview');
    const token = await tokenFor('rachel', id);
    const later = await api.build(yaml, { links: linksAt(() => new Date('2100-01-01')) });
    const expired = await post(token, approval, later);
    expect([expired.statusCode, expired.body]).toEqual([410, expect.stringContaining('expired')]);

    const foreign = linksAt(undefined, Buffer.alloc(32, 1).toString('base64'));
    const elsewhere = await post(tokenIn(await foreign.linkFor('rachel', notification)), approval);
    expect(elsewhere.statusCode).toBe(403);

    const nowhere = { ...notification, incidentId: 'nobody' };
    const lost = await post(tokenIn(await linksAt().linkFor('rachel', nowhere)), approval);
    expect([lost.statusCode, lost.body]).toEqual([404, expect.stringContaining('no such')]);
    expect(await eventsOf(id, 'sanityChecked')).toEqual([]);
  });

  test('a link acts on its own incident alone', async () => {
    const [one, other] = [await inReview(), await inReview()];
    const forOne = await tokenFor('rachel', one);
    const [header, , signature] = forOne.split('.');
    const forged = Buffer.from(JSON.stringify({ ...decodeJwt(forOne), incident: other }));
    const tampered = [header, forged.toString('base64url'), signature].join('.');
    const unsigned = new UnsecuredJWT({ ...decodeJwt(forOne), incident: other }).encode();
    for (const token of [tampered, unsigned, 'x', `${forOne}x`, 'x'.repeat(900)]) {
      const { statusCode, body } = await post(token, approval);
      expect([statusCode, body]).toEqual([403, expect.stringContaining('not good')]);
      expect((await get(token)).statusCode).toBe(403);
    }
    await post(forOne, approval);
    expect(await eventsOf(one, 'sanityChecked')).toHaveLength(1);
    expect(await eventsOf(other, 'sanityChecked')).toEqual([]);
  });

  test.each<[string, string, string, Record<string, string>]>([
    ['declaration', 'nina', 'priorityAssessed', { priority: 'P1', justification: 'All' }],
    ['quickFix', 'bug-fixer', 'fixReady', { ref: 'v42', summary: 'Reverts' }],
    ['quickReview', 'alex', 'securityChecked', approval],
    ['deploy', 'tony', 'deployAuthorized', { skipStaging: 'true' }],
    ['verify', 'monitor', 'systemVerified', { solved: 'true', healthy: 'true' }],
    ['verify', 'tina', 'quickVerified', { passed: 'true' }],
    ['postMortem', 'otto', 'preventionPlanned', { prevention: 'a\r\nb', lessons: 'c' }],
    ['postMortem', 'bug-fixer', 'checklistItemDone', { evidence: 'https://forge.example/7' }],
  ])('in %s %s is asked for %s', async (phase, person, signal, body) => {
    const id = await open();
    const steps: SignalName[] = [
      ...(['incidentDeclared', 'priorityAssessed', 'fixReady'] as const),
      ...(['sanityChecked', 'securityChecked', 'deployAuthorized'] as const),
      ...(['systemVerified', 'quickVerified'] as const),
    ];
    for (const name of steps) {
      if ((await read(id)).phase === phase) break;
      await say(id, name);
      if (name === 'deployAuthorized') {
        await until(async () => (await read(id)).phase === 'verify');
      }
    }
    const token = await tokenFor(person, id, phase);
    expect((await get(token)).statusCode).toBe(200);
    const { statusCode, body: page } = await post(token, body);
    expect([statusCode, page]).toEqual([200, expect.stringContaining('Done')]);
    expect(await eventsOf(id, signal as SignalName)).toMatchObject([{ by: person }]);
  });

  describe('a page', () => {
    const evil = '</style><script>alert(1)</script>"\'&';

    test('shows text by people as text', async () => {
      const id = await open({ title: evil, description: evil });
      await say(id, 'incidentDeclared', { impact: evil, problem: evil });
      await say(id, 'priorityAssessed');
      await say(id, 'fixReady', { summary: evil, changeUrl: 'https://a.example/?"><script>' });
      const token = await tokenFor('rachel', id);
      const pages = [
        await get(token),
        await post(token, { note: evil, verdict: 'approved' }),
        await post(token, { ...approval, note: evil }),
        await get(token),
      ];
      expect(pages.map(({ statusCode }) => statusCode)).toEqual([200, 422, 200, 410]);
      for (const { body } of pages) {
        expect(body).toContain('&lt;script&gt;alert(1)');
        expect(body).not.toMatch(/<script/i);
        expect(body.match(/<\/style>/g)).toHaveLength(1);
      }
    });

    test('runs nothing, loads nothing, tells nobody where it came from and is kept nowhere', async () => {
      const id = await inReview();
      const token = await tokenFor('rachel', id);
      for (const answer of [await get(token), await post(token, approval), await get('no')]) {
        const { headers, body } = answer;
        const style = /<style>([\s\S]*?)<\/style>/.exec(body)?.[1] ?? '';
        const hash = createHash('sha256').update(style).digest('base64');
        expect(headers['content-security-policy']).toBe(
          `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
        );
        expect(headers).toMatchObject({
          'content-type': 'text/html; charset=utf-8',
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
        });
        expect(body).not.toMatch(/ style=| on\w+=|<(script|img|link|iframe)/);
      }
    });

    test('takes its own form alone', async () => {
      const id = await inReview();
      const token = await tokenFor('rachel', id);
      const json = await app.inject({ method: 'POST', url: `/act/${token}`, payload: approval });
      expect([json.statusCode, json.body]).toEqual([415, expect.stringContaining('<!doctype')]);
      const large = await post(token, { note: 'x'.repeat(1024 * 1024) });
      expect([large.statusCode, large.body]).toEqual([413, expect.stringContaining('too long')]);
      expect((await post(token, '%zz=%&&=')).statusCode).toBe(422);
      expect(await eventsOf(id, 'signalRefused')).toEqual([]);
    });
  });

  const escalated = async (person: string) => {
    const id = await inReview('bug-fixer', { service: 'hasty' });
    const said = await until(() =>
      told.find(({ incidentId, kind }) => incidentId === id && kind === 'escalation'),
    );
    return { id, token: tokenIn(await linksAt().linkFor(person, said)) };
  };
  const acknowledge = (token: string) => post(token, { acknowledge: 'true' });

  test('whoever is told of an escalation can acknowledge it, and only that', async () => {
    const { id, token } = await escalated('inci');
    const { body } = await get(token);
    expect(body).toContain('It has escalated to level 1');
    expect(body).toContain('Reviewer: rachel');
    expect(body).not.toContain('Your answer');
    expect((await post(token, approval)).statusCode).toBe(422);
    const done = await acknowledge(token);
    expect([done.statusCode, done.body]).toEqual([200, expect.stringContaining('in hand')]);
    expect(await eventsOf(id, 'escalationAcknowledged')).toMatchObject([{ by: 'inci' }]);
    const after = await acknowledge(token);
    expect([after.statusCode, after.body]).toEqual([
      410,
      expect.stringContaining('inci has acknowledged it'),
    ]);
    expect(await eventsOf(id, 'escalationAcknowledged')).toHaveLength(1);
  });

  test('a reviewer acknowledges before the answer, with the same link, once', async () => {
    const { id, token } = await escalated('rachel');
    const first = await acknowledge(token);
    expect(first.body).toContain('You have it in hand');
    expect(first.body).toContain('Your answer');
    const second = await acknowledge(token);
    expect([second.statusCode, second.body]).toEqual([410, expect.stringContaining('already')]);
    expect((await post(token, approval)).body).toContain('Done');
    const events = await timelineOf(id);
    expect(events.filter(({ by }) => by === 'rachel').map(({ type }) => type)).toEqual([
      'escalationAcknowledged',
      'sanityChecked',
    ]);
  });

  test('an acknowledgement of what somebody has in hand already is told so', async () => {
    const { id, token } = await escalated('rachel');
    await say(id, 'escalationAcknowledged', {}, 'inci');
    expect((await get(token)).body).not.toContain('I have it in hand');
    expect((await get(token)).body).toContain('inci has it in hand since');
  });

  test('no token of a link reaches the log', async () => {
    const id = await inReview();
    const token = await tokenFor('rachel', id);
    await post(token, approval);
    expect(api.log.join('\n')).not.toContain(token);
  });

  test('without links there are no pages', async () => {
    const id = await inReview();
    const plain = await api.build();
    const answer = await get(await tokenFor('rachel', id), 'GET', plain);
    expect([answer.statusCode, answer.json().code]).toEqual([404, 'not_found']);
  });
});

describe('without a worker', () => {
  test('the answer is recorded, once, and applied when one is back', async () => {
    const stopWorker = await api.bed.work(tell);
    const id = await inReview();
    const token = await tokenFor('rachel', id);
    await until(async () => (await read(id)).phase === 'quickReview');
    await stopWorker();

    const hasty = await api.build(yaml, { links: linksAt(), answerTimeout: 300 });
    expect((await get(token, 'GET', hasty)).body).toContain('No worker answers now');
    for (const verdict of ['approved', 'rejected']) {
      const { statusCode, body } = await post(token, { ...approval, verdict }, hasty);
      expect([statusCode, body]).toEqual([202, expect.stringContaining('Recorded')]);
    }

    const stopNext = await api.bed.work(tell);
    const [event] = await until(async () => {
      const events = await eventsOf(id, 'sanityChecked');
      return events.length > 0 ? events : undefined;
    });
    expect(event).toMatchObject({ by: 'rachel', data: { verdict: 'approved' } });
    expect(await read(id)).toMatchObject({ phase: 'quickReview', attempt: 1 });
    expect((await get(token)).body).toContain('This link was used already');
    await stopNext();
  });
});

describe('without Temporal', () => {
  test('nothing that was written is lost: the form comes back, to be sent again', async () => {
    const doomed = await TestApi.start();
    const stopWorker = await doomed.bed.work(tell);
    const { id } = await doomed.open();
    const token = tokenIn(await linksAt().linkFor('nina', await message(id, 'declaration')));
    await stopWorker();
    let cut: Promise<void> | undefined;
    const failing = await doomed.build('{}', {
      links: linksAt(),
      ...{ answerTimeout: 300, temporalTimeout: 1_000 },
      // Asked for when everything is known and only the sending is left.
      now: () => {
        cut ??= doomed.temporal.kill();
        return new Date();
      },
    });
    const entries = { problem: 'It <breaks>', impact: 'All', reason: 'production_down' };
    const { statusCode, body } = await post(token, entries, failing);
    expect(statusCode).toBe(503);
    expect(body).toContain('Nothing you wrote is lost');
    expect(body).toContain('It &lt;breaks&gt;');
    const gone = await get(token, 'GET', failing);
    expect([gone.statusCode, gone.body]).toEqual([503, expect.stringContaining('does not answer')]);
    await cut;
    await doomed.stop();
  });
});
