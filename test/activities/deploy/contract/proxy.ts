import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface ProxiedRequest {
  method: string;
  /** With the query. */
  path: string;
  body: string;
}

type Matches = (request: ProxiedRequest) => boolean;

/** Before the request is forwarded, or when the system has answered and the caller does not know. */
export type Place = 'request' | 'answer';

export interface Gate {
  /** Resolves when a request stands before the gate. */
  reached: Promise<void>;
  /** Lets it through. */
  open(): void;
  /** Cuts its connection: what stands before the system never comes there. */
  cut(): void;
}

interface HeldGate extends Gate {
  place: Place;
  matches: Matches;
  arrive(): void;
  decided: Promise<'open' | 'cut'>;
}

interface Fault {
  status: number;
  headers: Record<string, string>;
  /** How many requests are still answered so. */
  times: number;
  matches: Matches;
}

/** A small HTTP proxy before a deploy system that can hold, cut and answer what goes through it. */
export async function startProxy(upstream: string) {
  const seen: ProxiedRequest[] = [];
  const gates: HeldGate[] = [];
  const faults: Fault[] = [];
  const server = createServer((incoming, outgoing) => {
    // A caller that is gone, or a system that cuts: the other side is to see the same.
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming);
    const { method = '', url: path = '' } = incoming;
    const request = { method, path, body: body.toString('utf8') };
    seen.push(request);
    const fault = faults.find(({ times, matches }) => times > 0 && matches(request));
    if (fault) {
      fault.times -= 1;
      outgoing.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
      outgoing.end(JSON.stringify({ message: `made to answer ${fault.status}` }));
      return;
    }
    await passGate('request', request);
    const answer = await forward(incoming, body);
    await passGate('answer', request);
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders();
    outgoing.on('close', () => answer.destroy());
    for await (const chunk of answer) outgoing.write(chunk);
    outgoing.end();
  }

  async function passGate(place: Place, request: ProxiedRequest): Promise<void> {
    const gate = gates.find((one) => one.place === place && one.matches(request));
    if (!gate) return;
    gates.splice(gates.indexOf(gate), 1);
    gate.arrive();
    if ((await gate.decided) === 'cut') throw new Error('cut');
  }

  function forward(incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const to = new URL(upstream);
    const send = to.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const { method, url: path, headers } = incoming;
      const options = { method, path, headers: { ...headers, host: to.host }, agent: false };
      // The certificate of a system under test is its own.
      const onward = send(to, { ...options, rejectUnauthorized: false }, resolve);
      onward.on('error', reject);
      onward.end(body);
    });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    /** Holds the next request that matches. */
    hold(place: Place, matches: Matches): Gate {
      const arrival = deferred<void>();
      const decision = deferred<'open' | 'cut'>();
      const gate: HeldGate = {
        place,
        matches,
        arrive: arrival.resolve,
        reached: arrival.promise,
        decided: decision.promise,
        open: () => decision.resolve('open'),
        cut: () => decision.resolve('cut'),
      };
      gates.push(gate);
      return gate;
    },
    /** Answers the next requests itself; without `times` all of them. */
    answer(
      status: number,
      headers: Record<string, string> = {},
      {
        times = Number.POSITIVE_INFINITY,
        matches = () => true,
      }: Partial<Pick<Fault, 'times' | 'matches'>> = {},
    ): void {
      faults.push({ status, headers, times, matches });
    },
    async close(): Promise<void> {
      for (const gate of gates) gate.cut();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

export type FaultyProxy = Awaited<ReturnType<typeof startProxy>>;

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((set) => {
    resolve = set;
  });
  return { promise, resolve };
}
