import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/activities/clock.ts';
import { createManualDeploy } from '../../src/activities/deploy/manual.ts';
import type { DeployAdapter } from '../../src/activities/deploy/types.ts';
import type { AdapterDeps } from '../../src/activities/deps.ts';
import { type ActivityDeps, createActivities } from '../../src/activities/index.ts';
import { createIncidentTracker } from '../../src/activities/tracker/incident.ts';
import type { DeployStep } from '../../src/activities/types.ts';

export const webhookSecret = `whsec_${Buffer.from('a secret for the tests of it').toString('base64')}`;

const secrets: Record<string, string> = {
  TEST_WEBHOOK: webhookSecret,
  TEST_TOKEN: 'token-of-a-test',
};

export const silent = pino({ level: 'silent' });

export function adapterDeps(change: Partial<AdapterDeps> = {}): AdapterDeps {
  return {
    ...systemClock,
    environment: process.env,
    dataDirectory: '/nowhere',
    secret: (name) => {
      const value = secrets[name];
      if (value === undefined) throw new Error(`${name} is not set.`);
      return value;
    },
    ...change,
  };
}

export function activitiesWith(change: Partial<ActivityDeps> & { deploy?: DeployAdapter } = {}) {
  const manual = createManualDeploy({ adapter: 'manual' }, systemClock);
  const { deploy = manual, ...rest } = change;
  return createActivities({
    services: () => ({ deploy, rollback: deploy, monitoring: { window: 0, measures: [] } }),
    channels: [],
    tracker: createIncidentTracker({ adapter: 'incident' }),
    logger: silent,
    now: systemClock.now,
    ...rest,
  });
}

export function deployStep(change: Partial<DeployStep> = {}): DeployStep {
  return {
    incidentId: 'INC-1',
    title: 'Checkout is down',
    service: 'shop',
    environment: 'production',
    attempt: 1,
    ref: 'v2',
    idempotencyKey: 'hotfix-INC-1/deploy/production/1',
    ...change,
  };
}

/** An activity's environment that keeps the last heartbeat, as the server would for a retry. */
export function activityEnvironment(heartbeatDetails?: unknown) {
  const environment = new MockActivityEnvironment(
    { heartbeatDetails, heartbeatTimeoutMs: 3_000 },
    { logger: new DefaultLogger('ERROR') },
  );
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => {
    beats.push(JSON.parse(JSON.stringify(details ?? null)));
  });
  return { environment, beats, last: () => beats.at(-1) };
}

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
