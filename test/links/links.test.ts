import { decodeJwt, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { keyOf } from '../../src/links/key.ts';
import type { Errand } from '../../src/links/links.ts';
import { type Notification, notificationOf } from '../../src/process/notifications.ts';
import { at, Story } from '../support/incidents.ts';
import { linkSecret, linksAt, tokenIn } from './support.ts';

const assignments = { reviewer: ['rachel'], securityReviewer: ['alex', 'rachel'] };

const told = (story: Story): Notification => {
  const { incident, state } = story;
  const [said] = incident.timeline
    .toReversed()
    .flatMap((event) => notificationOf(state, event) ?? []);
  if (!said) throw new Error('somebody is told');
  return said;
};

const inReview = () => new Story({ assignments }).until('quickReview');
const review = told(inReview());
const minutes = (count: number) => () => new Date(Date.parse(at(count)));
const tokenOf = async (person: string, notification = review) =>
  tokenIn(await linksAt().linkFor(person, notification));

describe('a link', () => {
  test('is for one task of one person, in one phase and attempt', async () => {
    const link = await linksAt().linkFor('alex', review);
    expect(link).toMatch(/^https:\/\/hotfix\.example\.com\/act\/[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(await linksAt(minutes(1)).read(tokenIn(link))).toEqual({
      id: expect.stringMatching(/^[\w-]{22}$/),
      person: 'alex',
      incident: 'abc123',
      signal: 'securityChecked',
      phase: 'quickReview',
      attempt: 1,
    });
  });

  test('is for the first of several tasks', async () => {
    const errand = await linksAt(minutes(1)).read(await tokenOf('rachel'));
    expect(errand).toMatchObject({ signal: 'sanityChecked' });
  });

  test('names the item of the checklist', async () => {
    const story = new Story({ assignments: { ...assignments, monitor: ['monitor'] } });
    const message = told(story.until('postMortem'));
    const errand = await linksAt(minutes(1)).read(await tokenOf('monitor', message));
    expect(errand).toMatchObject({ signal: 'checklistItemDone', item: 'monitoringImproved' });
  });

  test('is not there for whom nothing is asked of', async () => {
    expect(await linksAt().linkFor('inci', review)).toBeUndefined();
  });

  test('is there to acknowledge an escalation for whom nothing else is asked of', async () => {
    const story = inReview().hear({ kind: 'clock' }, 15);
    const token = await tokenOf('inci', told(story));
    const { signal, ...errand } = (await linksAt(minutes(16)).read(token)) as Errand;
    expect(signal).toBeUndefined();
    expect(errand).toMatchObject({ person: 'inci', phase: 'quickReview', attempt: 1 });
    story.say('escalationAcknowledged', {}, 16);
    expect(await linksAt().linkFor('inci', told(story))).toBeUndefined();
  });

  test('is there for a known person where a role is open to all', async () => {
    const open = told(new Story().until('quickReview'));
    expect(await linksAt().linkFor('zoe', open)).toMatch(/act/);
  });

  test('has one id for each message and person, whenever it is made', async () => {
    const later = told(inReview().hear({ kind: 'clock' }, 15));
    const tokens = [
      await tokenOf('alex'),
      await tokenOf('alex'),
      await tokenOf('rachel'),
      await tokenOf('alex', later),
    ];
    const [one, again, other, next] = tokens.map((token) => decodeJwt(token).jti);
    expect(again).toBe(one);
    expect(new Set([one, other, next]).size).toBe(3);
  });

  test('expires a day after somebody is told next', async () => {
    const token = await tokenOf('alex');
    const day = 24 * 60;
    expect(await linksAt(minutes(15 + day - 1)).read(token)).toMatchObject({ person: 'alex' });
    expect(await linksAt(minutes(15 + day)).read(token)).toBe('expired');
    const later = told(inReview().hear({ kind: 'clock' }, 15));
    const next = await tokenOf('alex', later);
    expect(await linksAt(minutes(20 + day - 1)).read(next)).toMatchObject({ person: 'alex' });
  });
});

describe('what is no link', () => {
  const read = linksAt(minutes(1)).read;
  const key = Buffer.from(linkSecret, 'base64');
  const claims = async () => decodeJwt(await tokenOf('alex'));
  const signed = async (change: object, header: { typ?: string } = {}, withKey: Uint8Array = key) =>
    new SignJWT({ ...(await claims()), ...change })
      .setProtectedHeader({ alg: 'HS256', typ: 'hotfix-link+jwt', ...header })
      .sign(withKey);

  test('the check takes what is signed as ours are', async () => {
    expect(await read(await signed({}))).toMatchObject({ person: 'alex' });
  });

  test.each<[string, () => Promise<string>]>([
    ['nothing', async () => ''],
    ['any text', async () => 'act-on-this'],
    ['another secret', () => signed({}, {}, Buffer.alloc(32, 7))],
    ['another type', () => signed({}, { typ: 'JWT' })],
    ['another audience', () => signed({ aud: 'hotfix:api' })],
    ['no expiry', () => signed({ exp: undefined })],
    ['no id', () => signed({ jti: undefined })],
    ['no person', () => signed({ sub: '' })],
    ['a signal that is not asked for', () => signed({ signal: 'incidentAborted' })],
    ['a phase that is none', () => signed({ phase: 'party' })],
    ['attempt 0', () => signed({ attempt: 0 })],
    ['no signature (alg none)', async () => new UnsecuredJWT(await claims()).encode()],
    [
      'another person under the same signature',
      async () => {
        const [header, , signature] = (await tokenOf('alex')).split('.');
        const forged = { ...(await claims()), sub: 'rachel' };
        const payload = Buffer.from(JSON.stringify(forged)).toString('base64url');
        return [header, payload, signature].join('.');
      },
    ],
    ['one that was cut', async () => (await tokenOf('alex')).slice(0, -4)],
  ])('%s', async (_, token) => {
    expect(await read(await token())).toBe('invalid');
  });
});

describe('the secret', () => {
  test.each([
    ['too short', Buffer.alloc(31, 1).toString('base64')],
    ['no base64', 'correct horse battery staple, and then some more of it'],
    ['empty', ''],
  ])('%s is refused, and not shown', (_, secret) => {
    expect(() => keyOf('LINKS', secret)).toThrow(/^LINKS is not a secret for links: .*32 bytes/);
    if (secret) expect(() => keyOf('LINKS', secret)).not.toThrow(secret);
  });

  test('of 32 bytes is taken, with or without padding', () => {
    expect(keyOf('LINKS', linkSecret)).toHaveLength(32);
    expect(keyOf('LINKS', linkSecret.replace('=', ''))).toHaveLength(32);
  });
});
