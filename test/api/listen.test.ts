import { once } from 'node:events';
import { connect } from 'node:net';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OpenToOthersError, startApi } from '../../src/api/listen.ts';
import { asCaller, guarded, TestApi } from './support.ts';

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

describe('without tokens', () => {
  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.com', '', '127.example.com', '1270.0.0.1'])(
    'the API does not listen on %j, and says what to do',
    async (host) => {
      const starting = startApi({ ...api.deps(), host, port: 0 });
      await expect(starting).rejects.toThrow(OpenToOthersError);
      await expect(starting).rejects.toThrow(/npm run token/);
    },
  );

  test.each(['127.0.0.1', 'localhost', '127.0.0.2'])(
    'it listens on %s and says so',
    async (host) => {
      api.log.length = 0;
      const { url, close } = await startApi({ ...api.deps(), host, port: 0 });
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      expect((await fetch(`${url}/incidents`)).status).toBe(200);
      expect(api.log.join('')).toContain('open to everyone on this machine');
      await close();
      await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    },
  );
});

describe('a web page cannot use a browser of this machine', () => {
  test.each([
    { host: 'evil.example:3000' },
    { host: 'localhost.evil.example' },
    { host: '127.evil.example' },
    { host: 'localhost:3000', origin: 'http://evil.example' },
    { host: 'localhost:3000', origin: 'null' },
  ])('%j is refused', async (headers) => {
    const app = await api.build();
    for (const url of ['/incidents', '/incidents/INC-1/events', '/docs', '/nowhere']) {
      const answer = await app.inject({ url, headers });
      expect([answer.statusCode, answer.json().code]).toEqual([403, 'foreign_host']);
    }
  });

  test.each([
    { host: 'localhost:3000' },
    { host: '127.0.0.1' },
    { host: '[::1]:3000', origin: 'http://[::1]:3000' },
    { host: 'localhost:3000', origin: 'http://localhost:3000' },
  ])('%j is answered', async (headers) => {
    const app = await api.build();
    expect((await app.inject({ url: '/incidents', headers })).statusCode).toBe(200);
  });
});

test('a body that never comes does not hold its connection', async () => {
  const deps = { ...api.deps(), requestTimeout: 200 };
  const { url, close } = await startApi({ ...deps, host: '127.0.0.1', port: 0 });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString();
  });
  const head = 'POST /incidents HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
  socket.write(`${head}content-length: 100\r\n\r\n{`);
  await once(socket, 'close');
  expect(answer).toContain('408');
  await close();
  // Less than the minute that Node takes by itself.
}, 20_000);

describe('with tokens', () => {
  test('it listens elsewhere too, and asks for the token', async () => {
    api.log.length = 0;
    const port = await getPort();
    const { url, close } = await startApi({ ...api.deps(guarded), host: '0.0.0.0', port });
    expect(url).toBe(`http://localhost:${port}`);
    expect((await fetch(`http://127.0.0.1:${port}/incidents`)).status).toBe(401);
    const answer = await fetch(`http://127.0.0.1:${port}/incidents`, { headers: asCaller('inci') });
    expect(answer.status).toBe(200);
    expect(api.log.join('')).not.toContain('open to everyone');
    await close();
  });
});
