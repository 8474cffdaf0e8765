import { describe, expect, test } from 'vitest';
import { call, placeOf, quote, retryAfter } from '../../src/activities/http.ts';
import { answer, closedUrl, listen } from './server.ts';

const waitOf = (value: string) => retryAfter(new Headers({ 'retry-after': value }));

describe('Retry-After', () => {
  test('in seconds, bounded', () => {
    expect(waitOf('0')).toBe(0);
    expect(waitOf('90')).toBe(90_000);
    expect(waitOf('999999')).toBe(300_000);
  });

  test('as a date, also one that has passed', () => {
    expect(waitOf(new Date(Date.now() + 3_600_000).toUTCString())).toBe(300_000);
    expect(waitOf('Thu, 01 Jan 1970 00:00:00 GMT')).toBe(0);
  });

  test('as a date of a machine whose clock is off', () => {
    const sent = Date.UTC(2026, 0, 1);
    const after = new Date(sent + 90_000).toUTCString();
    const headers = new Headers({ date: new Date(sent).toUTCString(), 'retry-after': after });
    expect(retryAfter(headers)).toBe(90_000);
  });

  test('absent or nonsense', () => {
    expect(retryAfter(new Headers())).toBeUndefined();
    expect(waitOf('soon')).toBeUndefined();
  });
});

test('a quotation is one short line without control characters', () => {
  expect(quote('a\n\tb\u0007\u001b[31m c')).toBe('"a b [31m c"');
  expect(quote(' \n')).toBe('nothing');
  expect(JSON.parse(quote('x'.repeat(1_000)))).toBe(`${'x'.repeat(199)}…`);
});

test('a place shows neither the user nor the query of a url', () => {
  expect(placeOf('https://user:secret@deploy.example/hook?token=secret#x')).toBe(
    'https://deploy.example/hook',
  );
});

test('an unreachable place is named without its secrets', async () => {
  const url = `${await closedUrl()}/hook?token=secret`;
  const signal = new AbortController().signal;
  const failure = call({ whom: 'It', url, method: 'GET', timeout: 1_000, signal });
  await expect(failure).rejects.toMatchObject({
    type: 'Unreachable',
    message: expect.not.stringContaining('secret'),
  });
});

test('a header that cannot be sent is named without its value', async () => {
  const headers = { authorization: 'Bearer marked-secret\nmore' };
  const signal = new AbortController().signal;
  const url = 'http://127.0.0.1:9/';
  const failure = call({ whom: 'It', url, method: 'GET', headers, timeout: 1_000, signal });
  await expect(failure).rejects.toMatchObject({
    type: 'Refused',
    message: expect.not.stringContaining('marked-secret'),
  });
  await expect(failure).rejects.toThrow('authorization');
});

test.each([
  ['GET', 2],
  ['POST', 1],
] as const)('a %s on a connection that is closed is sent %i times', async (method, times) => {
  let calls = 0;
  const { url } = await listen((_, response) => {
    calls += 1;
    response.socket?.destroy();
  });
  const signal = new AbortController().signal;
  const asked = call({ whom: 'It', url, method, timeout: 5_000, signal });
  await expect(asked).rejects.toMatchObject({ type: 'Unreachable' });
  expect(calls).toBe(times);
});

test('a signal that aborts ends the request with its own reason', async () => {
  const controller = new AbortController();
  const { url } = await listen((_, response) => {
    controller.abort(new Error('enough'));
    answer(response, 200);
  });
  const { signal } = controller;
  const asked = call({ whom: 'It', url, method: 'GET', timeout: 5_000, signal });
  await expect(asked).rejects.toThrow('enough');
});
