import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Started } from './scope.ts';

/** One request of the service to another system. */
export interface Arrival {
  /** When its head was read: milliseconds, on the clock of `performance.now()` of this process. */
  at: number;
  /** Of a webhook: its `webhook-id`. */
  id: string;
  /** Empty where there is none. */
  body: string;
}

/**
 * Another system, in this process, on a port of 127.0.0.1: tells each request to `hear`, then gives
 * the answer. Its address is the result.
 */
export async function startReceiver(
  started: Started,
  answer: object,
  hear: (arrival: Arrival) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    const at = performance.now();
    void textOf(request).then((body) => {
      hear({ at, id: String(request.headers['webhook-id']), body });
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  started(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
