import { createHmac } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import {
  createSlackChannel,
  slackChannelConfigSchema,
} from '../../src/activities/notify/slack/channel.ts';
import type { IncidentAnswer } from '../../src/api/gateway/read.ts';
import { parseConfig } from '../../src/config/load.ts';
import { createSlackApps } from '../../src/config/slack.ts';
import { roles } from '../../src/process/phases.ts';
import type { SignalName } from '../../src/process/signals.ts';
import { channelDeps } from '../activities/notify/support.ts';
import { answer, closedUrl, listen, type Received } from '../activities/server.ts';
import { activitiesWith } from '../activities/support.ts';
import { bodies } from '../support/incidents.ts';
import {
  botToken,
  buttonsOf,
  pressOf,
  type SlackButton,
  signedRequest,
  signingSecret,
  startSlack,
} from '../support/standins/slack.ts';
import { call, TestApi, until } from './support.ts';

/** Everybody by the name that stands for their role, with a member id made of it. */
const memberOf = (person: string) => `U0${person.toUpperCase().replace(/[^A-Z]/g, '')}`;
const people = Object.fromEntries(
  Object.values(roles).map(({ defaultActor: id }) => [
    id,
    { name: id, contacts: { slack: memberOf(id) } },
  ]),
);
const holders = Object.fromEntries(
  Object.entries(roles).map(([role, { defaultActor }]) => [role, [defaultActor]]),
);
const env = { SLACK_TOKEN: botToken, SLACK_SECRET: signingSecret };
const channel = { adapter: 'slack', channel: '#incidents', tokenEnv: 'SLACK_TOKEN' };
const withButtons = { ...channel, signingSecretEnv: 'SLACK_SECRET', rateLimit: 100 };
const yaml = stringify({ people, roles: holders });
const apps = createSlackApps(
  parseConfig(stringify({ people, notifications: [withButtons] }), env),
  (name) => env[name as keyof typeof env],
);

let api: TestApi;
let app: FastifyInstance;

beforeAll(async () => {
  api = await TestApi.start();
  app = await api.build(yaml, { slack: apps });
});
afterAll(() => api.stop());

/** A worker that tells Slack, and whoever presses there. */
async function arrange() {
  const slack = await startSlack();
  const config = slackChannelConfigSchema.parse({ ...withButtons, url: slack.url });
  const { notify } = activitiesWith({ channels: [createSlackChannel(config, channelDeps(env))] });
  onTestFinished(await api.bed.work({ notify }));
  const replies = await listen((_, response) => answer(response, 200, 'ok'));
  return { slack, responseUrl: `${replies.url}/actions/T0/1/secret`, replies: replies.received };
}
type Arranged = Awaited<ReturnType<typeof arrange>>;

async function say(id: string, name: SignalName, body: object = {}) {
  const url = `/incidents/${id}/signals/${name}`;
  const payload = { ...bodies[name], ...body };
  const { status, text } = await call(app, { method: 'POST', url, payload });
  if (status !== 200) throw new Error(text);
}

async function openReview(): Promise<string> {
  const payload = { title: 'Checkout is down', service: 'shop' };
  const { body } = await call<IncidentAnswer>(app, { method: 'POST', url: '/incidents', payload });
  for (const name of ['incidentDeclared', 'priorityAssessed', 'fixReady'] as const) {
    await say(body.id, name);
  }
  return body.id;
}

const read = async (id: string) => (await call<IncidentAnswer>(app, `/incidents/${id}`)).body;
const timelineOf = async (id: string) =>
  (
    await call<{ type: string; by: string; seq: number; data: { code?: string } }[]>(
      app,
      `/incidents/${id}/timeline`,
    )
  ).body;

/** A button of the message of the incident, once it is there. */
const buttonOf = ({ slack }: Arranged, id: string, label: string): Promise<SlackButton> =>
  until(() =>
    slack
      .cards()
      .filter((card) => JSON.stringify(card.blocks).includes(id))
      .flatMap(buttonsOf)
      .find(({ text }) => text.text === label),
  );

const inject = ({ headers, body }: { headers: Record<string, string>; body: string }) =>
  app.inject({ method: 'POST', url: '/slack/interactions', headers, payload: body });

const press = (button: SlackButton, user: string, { responseUrl }: Arranged, at = new Date()) =>
  inject(signedRequest(pressOf(button, { user: memberOf(user), responseUrl, at }), at));

/** What whoever pressed was told, once as many have been. */
const toldOf = (replies: Received[], count = 1): Promise<string[]> =>
  until(() =>
    replies.length >= count ? replies.map(({ body }) => JSON.parse(body)) : undefined,
  ).then((bodies) =>
    bodies.map((body) => {
      expect(body).toMatchObject({ response_type: 'ephemeral', replace_original: false });
      return body.text;
    }),
  );

describe('a press', () => {
  test('is the signal of the person it belongs to, and the message follows', async () => {
    const world = await arrange();
    const id = await openReview();
    const sanity = await buttonOf(world, id, 'Approve the sanity check');
    const { statusCode, body } = await press(sanity, 'rachel', world);
    expect([statusCode, body]).toEqual([200, '']);
    expect(await toldOf(world.replies)).toEqual(['✅ sanityChecked counts, as said by rachel.']);
    expect((await read(id)).completed.sanityChecked).toMatchObject({
      by: 'rachel',
      verdict: 'approved',
    });
    await press(await buttonOf(world, id, 'Approve the security check'), 'alex', world);
    await press(await buttonOf(world, id, 'Deploy'), 'tony', world);
    await press(await buttonOf(world, id, 'Solved and healthy'), 'monitor', world);
    await press(await buttonOf(world, id, 'Passed'), 'tina', world);
    const { status } = await until(async () => {
      const view = await read(id);
      return view.status === 'mitigated' ? view : undefined;
    });
    expect(status).toBe('mitigated');
  });

  test('twice, as by a double click or a replay, counts once', async () => {
    const world = await arrange();
    const id = await openReview();
    const sanity = await buttonOf(world, id, 'Approve the sanity check');
    const at = new Date(Math.floor(Date.now() / 60_000) * 60_000 + 5_000);
    const responseUrl = world.responseUrl;
    const request = signedRequest(
      pressOf(sanity, { user: 'U0RACHEL', responseUrl, at }),
      new Date(),
    );
    const later = new Date(at.getTime() + 300);
    const again = signedRequest(
      pressOf(sanity, { user: 'U0RACHEL', responseUrl, at: later }),
      new Date(),
    );
    const statuses = await Promise.all([request, request, again].map(inject));
    expect(statuses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(new Set(await toldOf(world.replies, 3))).toEqual(
      new Set(['✅ sanityChecked counts, as said by rachel.']),
    );
    const types = (await timelineOf(id)).map(({ type }) => type);
    expect(types.filter((type) => type === 'sanityChecked')).toHaveLength(1);
    expect(types).not.toContain('signalRefused');
  });

  test('by somebody who may not is refused, told to them and to nobody else', async () => {
    const world = await arrange();
    const id = await openReview();
    const sanity = await buttonOf(world, id, 'Approve the sanity check');
    expect((await press(sanity, 'tina', world)).statusCode).toBe(200);
    const [told] = await toldOf(world.replies);
    expect(told).toMatch(/^⛔ sanityChecked is for the reviewer \(rachel\), not for tina/);
    expect((await timelineOf(id)).at(-1)).toMatchObject({
      type: 'signalRefused',
      by: 'tina',
      data: { code: 'not_your_role' },
    });
  });

  test('by a member whom nobody knows sends nothing', async () => {
    const world = await arrange();
    const id = await openReview();
    const sanity = await buttonOf(world, id, 'Approve the sanity check');
    const before = (await timelineOf(id)).length;
    expect((await press(sanity, 'stranger', world)).statusCode).toBe(200);
    expect(await toldOf(world.replies)).toEqual([
      '⛔ Nobody in hotfix.yaml has the member id U0STRANGER, so nothing was sent: have it added to the contacts.slack of the person you are.',
    ]);
    const news = (await timelineOf(id)).slice(before).map(({ type }) => type);
    expect(news.filter((type) => type !== 'notified')).toEqual([]);
  });

  test('of a phase that is over is told so', async () => {
    const world = await arrange();
    const id = await openReview();
    const sanity = await buttonOf(world, id, 'Approve the sanity check');
    await say(id, 'sanityChecked');
    await say(id, 'securityChecked');
    expect((await press(sanity, 'rachel', world)).statusCode).toBe(200);
    expect(await toldOf(world.replies)).toEqual([
      '⛔ sanityChecked belongs to the phase quickReview; the incident is in deploy (attempt 1).',
    ]);
  });

  test('to an earlier question is no answer to the one of now', async () => {
    const world = await arrange();
    const id = await openReview();
    const sanity = await buttonOf(world, id, 'Approve the sanity check');
    await say(id, 'sanityChecked', { verdict: 'rejected' });
    await say(id, 'fixReady', { ref: 'v43' });
    expect(await read(id)).toMatchObject({ phase: 'quickReview', attempt: 2 });
    await press(sanity, 'rachel', world);
    expect(await toldOf(world.replies)).toEqual([
      '⛔ This has been asked anew since: look at the message as it is now, and answer that.',
    ]);
    expect((await read(id)).completed.sanityChecked).toBeUndefined();
  });

  test('of an incident that is over, or never was, is told so', async () => {
    const world = await arrange();
    const id = await openReview();
    const sanity = await buttonOf(world, id, 'Approve the sanity check');
    await call(app, {
      method: 'POST',
      url: `/incidents/${id}/signals/incidentAborted`,
      payload: bodies.incidentAborted,
      headers: { 'x-hotfix-actor': 'inci' },
    });
    await until(async () => (await read(id)).status === 'aborted');
    await press(sanity, 'rachel', world);
    expect((await toldOf(world.replies))[0]).toMatch(/^⛔ The incident (has ended|is aborted)/);
    const other = { ...sanity, value: sanity.value?.replace(id, 'nosuch123') };
    await press(other as SlackButton, 'rachel', world);
    expect((await toldOf(world.replies, 2))[1]).toBe('⛔ There is no incident "nosuch123".');
  });

  test('is kept while no worker is there, and told to be', async () => {
    const world = await arrange();
    const id = await openReview();
    const sanity = await buttonOf(world, id, 'Approve the sanity check');
    const lonely = await TestApi.start();
    onTestFinished(() => lonely.stop());
    const alone = await lonely.build(yaml, { slack: apps, answerTimeout: 300 });
    const payload = { title: 'Checkout is down', service: 'shop' };
    const { body } = await call<IncidentAnswer>(alone, {
      method: 'POST',
      url: '/incidents',
      payload,
    });
    const value = sanity.value?.replace(id, body.id).replace('sanityChecked', 'commented');
    const comment = {
      ...sanity,
      value: value?.replace(/"body":\{[^}]*\}/, '"body":{"text":"Hm."}'),
    };
    const at = new Date();
    const { responseUrl } = world;
    const pressed = pressOf(comment as SlackButton, { user: 'U0RACHEL', responseUrl, at });
    const { headers, body: form } = signedRequest(pressed, at);
    const { statusCode } = await alone.inject({
      method: 'POST',
      url: '/slack/interactions',
      headers,
      payload: form,
    });
    expect(statusCode).toBe(200);
    expect((await toldOf(world.replies))[0]).toMatch(/^Recorded\. No worker has answered yet/);
    onTestFinished(await lonely.bed.work());
    const isSaid = ({ type, by }: { type: string; by: string }) =>
      type === 'commented' && by === 'rachel';
    await until(async () => {
      const answered = await call<{ type: string; by: string }[]>(
        alone,
        `/incidents/${body.id}/timeline`,
      );
      return answered.status === 200 && answered.body.some(isSaid) ? true : undefined;
    });
  });
});

test('whoever cannot be answered has been heard all the same, and the log keeps no address', async () => {
  const world = await arrange();
  const id = await openReview();
  const sanity = await buttonOf(world, id, 'Approve the sanity check');
  const lost = { ...world, responseUrl: `${await closedUrl()}/actions/T0/1/very-secret` };
  expect((await press(sanity, 'rachel', lost)).statusCode).toBe(200);
  const line = await until(() => api.log.find((one) => one.includes('was not answered')));
  expect(line).toContain(id);
  expect(api.log.join()).not.toContain('very-secret');
  expect((await read(id)).completed.sanityChecked?.by).toBe('rachel');
});

describe('a request', () => {
  const button = { action_id: 'press:x:0', value: '{}' };
  const at = () => new Date();
  const some = () =>
    pressOf(button, { user: 'U0RACHEL', responseUrl: 'http://127.0.0.1:1', at: at() });

  test.each([
    [
      'signed by somebody else',
      () => signedRequest(some(), at(), 'another secret'),
      'bad_signature',
    ],
    [
      'of six minutes ago',
      () => signedRequest(some(), new Date(Date.now() - 360_000)),
      'stale_request',
    ],
    ['of the future', () => signedRequest(some(), new Date(Date.now() + 360_000)), 'stale_request'],
    [
      'with a newer time than its signature',
      () => {
        const { headers, body } = signedRequest(some(), new Date(Date.now() - 360_000));
        const now = String(Math.floor(Date.now() / 1000));
        return { body, headers: { ...headers, 'x-slack-request-timestamp': now } };
      },
      'bad_signature',
    ],
    [
      'with another body than its signature',
      () => {
        const { headers, body } = signedRequest(some(), at());
        return { headers, body: body.replace('RACHEL', 'ALEX') };
      },
      'bad_signature',
    ],
    [
      'without a signature',
      () => {
        const { body } = signedRequest(some(), at());
        return { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } };
      },
      'bad_signature',
    ],
    [
      'with half a signature',
      () => {
        const { headers, body } = signedRequest(some(), at());
        const half = headers['x-slack-signature'].slice(0, 20);
        return { body, headers: { ...headers, 'x-slack-signature': half } };
      },
      'bad_signature',
    ],
  ])('%s is not taken', async (_, request, code) => {
    const answered = await inject(request());
    expect(answered.statusCode).toBe(401);
    expect(answered.json()).toMatchObject({ code });
    expect(answered.body).not.toContain(signingSecret);
  });

  test.each([
    ['that is no JSON', 'payload=nonsense', 400],
    ['without a payload', 'other=1', 400],
    ['of another shape', `payload=${encodeURIComponent('{"type":"block_actions"}')}`, 422],
  ])('%s is told what is wrong', async (_, body, status) => {
    const { headers } = signRaw(body);
    const answered = await inject({ headers, body });
    expect(answered.statusCode).toBe(status);
    expect(answered.json()).toMatchObject({ detail: expect.stringMatching(/\w+/) });
  });

  test.each([
    ['a value that is no press', '{}'],
    [
      'a body that the signal does not take',
      JSON.stringify({
        incident: 'abc',
        signal: 'sanityChecked',
        body: { verdict: 'approved', noBreakingChanges: false, noDataLoss: true },
        asked: new Date().toISOString(),
      }),
    ],
  ])('with %s sends nothing', async (_, value) => {
    const payload = pressOf(
      { action_id: 'press:x:0', value },
      { user: 'U0RACHEL', responseUrl: 'http://127.0.0.1:1', at: at() },
    );
    const answered = await inject(signedRequest(payload, at()));
    expect(answered.statusCode).toBe(422);
  });

  test('that concerns nothing here is taken and forgotten', async () => {
    for (const body of [
      'ssl_check=1',
      `payload=${encodeURIComponent(JSON.stringify({ type: 'view_closed', user: { id: 'U0RACHEL' } }))}`,
    ]) {
      expect((await inject({ ...signRaw(body), body })).statusCode).toBe(200);
    }
    const link = pressOf(
      { action_id: 'open:fixReady', value: undefined },
      { user: 'U0RACHEL', responseUrl: 'http://127.0.0.1:1', at: at() },
    );
    expect((await inject(signedRequest(link, at()))).statusCode).toBe(200);
  });

  test('as JSON is not what Slack sends; and other calls take no forms', async () => {
    const json = await app.inject({ method: 'POST', url: '/slack/interactions', payload: {} });
    expect(json.statusCode).toBe(415);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const form = await app.inject({ method: 'POST', url: '/incidents', headers, payload: 'a=1' });
    expect(form.statusCode).toBe(415);
  });

  test('finds nothing where no channel has buttons', async () => {
    const without = parseConfig(stringify({ notifications: [channel] }), env);
    expect(createSlackApps(without, () => '')).toBeUndefined();
    const { headers, body } = signedRequest(some(), at());
    const plain = await api.build();
    const answered = await plain.inject({
      method: 'POST',
      url: '/slack/interactions',
      headers,
      payload: body,
    });
    expect(answered.statusCode).toBe(404);
  });
});

/** A form of any content, signed as Slack does. */
function signRaw(body: string) {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const digest = createHmac('sha256', signingSecret)
    .update(`v0:${timestamp}:${body}`)
    .digest('hex');
  return {
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${digest}`,
    },
  };
}
