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
