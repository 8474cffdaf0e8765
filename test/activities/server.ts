import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Received {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

type Handler = (request: Received, response: ServerResponse, count: number) => void;

/** A real server on loopback that keeps what it was sent; stopped when the test is over. */
export async function listen(handler: Handler) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const { method = '', url: path = '' } = request;
      const one = { method, path, headers: request.headers as Record<string, string>, body };
      received.push(one);
      handler(one, response, received.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, close };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

export function answer(response: ServerResponse, status: number, body: unknown = '', headers = {}) {
  response.writeHead(status, headers);
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** A port of loopback where nobody listens. */
export async function closedUrl(): Promise<string> {
  const { url, close } = await listen(() => undefined);
  await close();
  return url;
}
