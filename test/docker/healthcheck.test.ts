import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { root } from './project.ts';

let server: Server | undefined;

afterEach(() => server?.close());

async function serve(status: number): Promise<number> {
  const listening = createServer((request, response) => {
    response.writeHead(request.url === '/healthz' ? status : 404).end();
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return (listening.address() as AddressInfo).port;
}

function check(port: number): Promise<{ code: number; errors: string }> {
  return new Promise((resolve) => {
    const program = path.join(root, 'deploy/docker/healthcheck.mjs');
    execFile(process.execPath, [program], { env: { PORT: String(port) } }, (error, _, errors) => {
      resolve({ code: error === null ? 0 : Number(error.code), errors });
    });
  });
}

test('a healthy program passes', async () => {
  expect(await check(await serve(200))).toEqual({ code: 0, errors: '' });
});

test('an unhealthy program fails with its status', async () => {
  expect(await check(await serve(503))).toEqual({ code: 1, errors: 'Not healthy: 503\n' });
});

test('a program that is not there fails', async () => {
  const port = await serve(200);
  await new Promise((resolve) => server?.close(resolve));
  expect((await check(port)).code).toBe(1);
});
