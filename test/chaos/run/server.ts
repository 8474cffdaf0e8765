import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** The secret of everything that is signed in a run. */
export const secret = `whsec_${Buffer.from('a secret of the fault run, of no use').toString('base64')}`;

export interface Received {
  method: string;
  path: string;
  /** Null where it was not signed with the secret. */
  body: string | null;
}

/** `lost`: what was asked for is done, and the connection drops before it can be told. */
export type Reply = 'lost' | { status: number; headers?: Record<string, string>; body?: object };

export interface Server {
  url: string;
  close(): void;
}

/** A system outside that receives signed requests. */
export async function startServer(answer: (received: Received) => Reply): Promise<Server> {
  const server = createServer((request, response) => {
    void receive(request).then(
      (received) => reply(response, answer(received)),
      () => response.destroy(),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function reply(response: ServerResponse, answer: Reply): void {
  if (answer === 'lost') {
    response.destroy();
    return;
  }
  const { status, headers = {}, body = {} } = answer;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function receive(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString('utf8');
  const { method = '', url: path = '', headers } = request;
  return { method, path, body: isSigned(body, headers as Record<string, string>) ? body : null };
}

function isSigned(body: string, headers: Record<string, string>): boolean {
  try {
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}
