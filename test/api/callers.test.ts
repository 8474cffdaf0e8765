import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { IncidentAnswer } from '../../src/api/gateway/read.ts';
import type { Problem } from '../../src/api/problems.ts';
import type { IncidentEvent } from '../../src/process/events.ts';
import type { SignalName } from '../../src/process/signals.ts';
import { actorOf, bodies } from '../support/incidents.ts';
import { asCaller, call, guarded, TestApi, tokenOf } from './support.ts';

const good = { title: 'Checkout is down', service: 'shop' };
let api: TestApi;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  api = await TestApi.start();
  stopWorker = await api.bed.work();
});
afterAll(async () => {
  await stopWorker();
  await api.stop();
});

describe('with tokens', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = await api.build(guarded);
  });

  const start = (headers: Record<string, string>, on = app) =>
    call<IncidentAnswer>(on, { method: 'POST', url: '/incidents', payload: good, headers });
  const say = (id: string, name: SignalName, headers: Record<string, string>) =>
    call<Problem>(app, {
      method: 'POST',
      url: `/incidents/${id}/signals/${name}`,
      payload: bodies[name],
      headers,
    });
  const timelineOf = async (id: string) =>
    (
      await call<IncidentEvent[]>(app, {
        url: `/incidents/${id}/timeline`,
        headers: asCaller('inci'),
      })
    ).body;

  test.each([
    ['none', {}],
    ['a wrong one', asCaller('mallory')],
    ['an empty one', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: `Basic ${tokenOf('inci')}` }],
    ['the hash of one', { authorization: `Bearer ${parse(guarded).people.inci.token}` }],
    ['one with more behind it', { authorization: `Bearer ${tokenOf('inci')}x` }],
    ['only a name', { 'x-hotfix-actor': 'inci' }],
  ])('401 for %s', async (_, headers) => {
    for (const url of ['/incidents', '/incidents/abc', '/incidents/abc/events']) {
      const answer = await call(app, { url, headers });
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(answer.body.detail).toContain('npm run token');
    }
    expect((await start(headers)).status).toBe(401);
    expect((await say('abc', 'commented', headers)).status).toBe(401);
  });

  test('401 for one that was revoked', async () => {
    const config = parse(guarded) as { tools: object };
    const revoked = await api.build(stringify({ ...config, tools: {} }));
    expect((await start(asCaller('alertmanager'))).status).toBe(201);
    expect((await start(asCaller('alertmanager'), revoked)).status).toBe(401);
    expect((await start(asCaller('inci'), revoked)).status).toBe(201);
  });

  test('both tokens go while one is replaced', async () => {
    const config = parse(guarded);
    const { token } = config.people.inci;
    config.people.inci.token = [token, config.people.nina.token];
    config.people.nina.token = undefined;
    config.roles.priorityAssessor = ['inci'];
    const both = await api.build(stringify(config));
    const { id } = (await start(asCaller('nina'), both)).body;
    for (const name of ['inci', 'nina']) {
      const url = `/incidents/${id}/signals/commented`;
      const payload = bodies.commented;
      await call(both, { method: 'POST', url, payload, headers: asCaller(name) });
    }
    const comments = (await timelineOf(id)).filter(({ type }) => type === 'commented');
    expect(comments.map(({ by }) => by)).toEqual(['inci', 'inci']);
  });

  test('a person acts under their own name, whatever the headers say', async () => {
    const { id } = (await start({ ...asCaller('inci'), 'x-hotfix-actor': 'tony' })).body;
    await say(id, 'commented', { ...asCaller('tina'), 'x-hotfix-actor': 'tony' });
    const timeline = await timelineOf(id);
    expect(timeline.map(({ type, by }) => [type, by])).toEqual([
      ['incidentOpened', 'inci'],
      ['commented', 'tina'],
    ]);
  });

  test('a person sends only the signals of the roles they hold; the rest is 403 and on the record', async () => {
    const { id } = (await start(asCaller('inci'))).body;
    const refused = await say(id, 'incidentDeclared', asCaller('tony'));
    expect(refused).toMatchObject({ status: 403, body: { code: 'not_your_role' } });
    expect(refused.body.detail).toMatch(/incidentManager \(inci\), not for tony/);
    expect((await timelineOf(id)).at(-1)).toMatchObject({
      type: 'signalRefused',
      by: 'tony',
      data: { signal: 'incidentDeclared', code: 'not_your_role' },
    });
    expect((await say(id, 'incidentDeclared', asCaller('inci'))).status).toBe(200);
  });

  test.each(['incidentAborted', 'reviewBypassed', 'roleAssigned'] as const)(
    '%s is for whom the policy names',
    async (name) => {
      const { id } = (await start(asCaller('inci'))).body;
      const { status, body } = await say(id, name, asCaller('tony'));
      expect([status, body.code]).toEqual([403, 'not_your_role']);
    },
  );

  test('a role is handed over, and to people of the file only', async () => {
    const { id } = (await start(asCaller('inci'))).body;
    const assign = (person: string) =>
      call<Problem>(app, {
        method: 'POST',
        url: `/incidents/${id}/signals/roleAssigned`,
        payload: { role: 'priorityAssessor', person },
        headers: asCaller('inci'),
      });
    expect(await assign('mallory')).toMatchObject({
      status: 409,
      body: { code: 'unknown_person' },
    });
    expect((await assign('tony')).status).toBe(200);
    expect((await say(id, 'priorityAssessed', asCaller('nina'))).status).toBe(403);
    expect((await say(id, 'priorityAssessed', asCaller('tony'))).status).toBe(200);
  });

  test('a tool starts incidents and comments, and nothing else', async () => {
    const tool = asCaller('alertmanager');
    const { id } = (await start(tool)).body;
    expect((await say(id, 'commented', tool)).status).toBe(200);
    const refused = await say(id, 'incidentDeclared', tool);
    expect(refused).toMatchObject({ status: 403, body: { code: 'person_needed' } });
    expect((await timelineOf(id)).map(({ by }) => by)).toEqual([
      'tool:alertmanager',
      'tool:alertmanager',
    ]);
  });

  test('the whole process, each role by its own token', async () => {
    const { id } = (await start(asCaller('inci'))).body;
    const steps: SignalName[] = [
      'incidentDeclared',
      'priorityAssessed',
      'fixReady',
      'sanityChecked',
      'securityChecked',
      'deployAuthorized',
      'systemVerified',
      'quickVerified',
      'incidentReviewed',
      'preventionPlanned',
    ];
    for (const name of steps) {
      // The machinery deploys and files in between: the step is due once somebody is waited for.
      await expect
        .poll(
          async () => {
            const url = `/incidents/${id}`;
            const { body } = await call<IncidentAnswer>(app, { url, headers: asCaller('inci') });
            return body.waitingFor.map(({ signal }) => signal);
          },
          { timeout: 20_000 },
        )
        .toContain(name);
      expect((await say(id, name, asCaller(actorOf(name)))).status, name).toBe(200);
    }
  });

  test('no answer and no line of the log has a token or its hash', async () => {
    const seen: string[] = [];
    for (const name of ['inci', 'mallory', 'alertmanager']) {
      const headers = asCaller(name);
      const { id } = (await start(headers)).body;
      for (const answer of [
        await call(app, { url: `/incidents/${id}`, headers }),
        await call(app, { url: `/incidents/${id}/timeline`, headers }),
        await call(app, { url: `/incidents?token=${tokenOf(name)}`, headers }),
        await call(app, { method: 'POST', url: '/incidents', payload: '{', headers }),
        await say(id, 'fixReady', headers),
      ]) {
        seen.push(answer.text, JSON.stringify(answer.headers));
      }
    }
    seen.push(...api.log);
    const text = seen.join('\n');
    expect(text.length).toBeGreaterThan(1_000);
    for (const secret of ['inci', 'mallory', 'alertmanager'].map(tokenOf)) {
      expect(text).not.toContain(secret);
    }
    expect(text).not.toMatch(/sha256:/);
  });
});

describe('open, without tokens', () => {
  test("the caller is X-Hotfix-Actor, or without it the role's own name", async () => {
    const { id } = await api.open({});
    await api.say(id, 'incidentDeclared');
    await api.say(id, 'priorityAssessed', {}, { 'x-hotfix-actor': 'Zoë 結' });
    await api.say(id, 'commented');
    const { body } = await api.get<IncidentEvent[]>(`/incidents/${id}/timeline`);
    const by = Object.fromEntries(body.map((event) => [event.type, event.by]));
    expect(by).toMatchObject({
      incidentOpened: 'api',
      incidentDeclared: 'inci',
      priorityAssessed: 'Zoë 結',
      commented: 'operator',
    });
  });

  test('who reports is the actor, or else the source', async () => {
    const openedBy = async (body: object, headers: Record<string, string> = {}) => {
      const { id } = (await api.post('/incidents', { ...good, ...body }, headers)).body;
      await api.until(id, ({ stale }) => !stale);
      return (await api.get<IncidentEvent[]>(`/incidents/${id}/timeline`)).body[0]?.by;
    };
    expect(await openedBy({ source: 'grafana' })).toBe('grafana');
    expect(await openedBy({ source: 's'.repeat(300) })).toBe('s'.repeat(100));
    expect(await openedBy({ source: 'grafana' }, { 'x-hotfix-actor': 'zoe' })).toBe('zoe');
  });

  test('a name as terminals send it, in UTF-8, is read as it was written', async () => {
    const { id } = await api.open();
    const actor = Buffer.from('José', 'utf8').toString('latin1');
    await api.say(id, 'commented', {}, { 'x-hotfix-actor': actor });
    const { body } = await api.get<IncidentEvent[]>(`/incidents/${id}/timeline`);
    expect(body.at(-1)?.by).toBe('José');
  });
});
