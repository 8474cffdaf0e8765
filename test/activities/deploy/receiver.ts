import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { webhookSecret } from '../support.ts';
import type { DeploySystem } from './contract.ts';

interface Run {
  status: 'running' | 'succeeded' | 'failed';
  polls: number;
  hangs: boolean;
}

const otherSecret = `whsec_${Buffer.from('another secret of the tests').toString('base64')}`;

/**
 * A small deploy system as docs/configuration.md asks for one: it verifies each signature, begins one
 * run for each Idempotency-Key, and tells its status.
 */
export async function startReceiver(): Promise<DeploySystem> {
  const runs = new Map<string, Run>();
  let hangs = false;

  function answer(request: IncomingMessage, body: string): [status: number, content?: unknown] {
    const signer = signerOf(request, body);
    if (signer === undefined) return [401];
    if (signer === otherSecret) return [403];
    const { pathname } = new URL(request.url ?? '', 'http://receiver');
    if (request.method === 'POST' && pathname === '/deploys') return begin(request, body);
    const run = runs.get(decodeURIComponent(pathname.replace('/runs/', '')));
    return run ? [200, told(run)] : [404];
  }

  function begin(request: IncomingMessage, body: string): [status: number, content?: unknown] {
    const { idempotencyKey, ref } = JSON.parse(body) as Record<string, string>;
    if (ref === 'v9-withdrawn') return [422, { error: 'v9-withdrawn was withdrawn' }];
    const key = String(request.headers['idempotency-key']);
    if (key !== idempotencyKey) return [400];
    const run: Run = runs.get(key) ?? { status: 'running', polls: 0, hangs };
    runs.set(key, run);
    return [202, { ...told(run), statusUrl: `/runs/${encodeURIComponent(key)}` }];
  }

  function told(run: Run) {
    run.polls += 1;
    if (run.status === 'running' && !run.hangs && run.polls > 2) run.status = 'succeeded';
    return { status: run.status, summary: `It is ${run.status}, asked ${run.polls} times.` };
  }

  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const [status, content = ''] = answer(request, body);
      response.writeHead(status).end(JSON.stringify(content));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { DEPLOY_SECRET: webhookSecret };

  return {
    url,
    config: (base) => ({
      adapter: 'http',
      url: `${base}/deploys`,
      secretEnv: 'DEPLOY_SECRET',
      interval: '100ms',
    }),
    env,
    refs: ['v2', 'v3'],
    begins: ({ method }) => method === 'POST',
    begun: async (key) => (runs.has(key) ? 1 : 0),
    async hang() {
      hangs = true;
    },
    async end(key, outcome) {
      hangs = false;
      const run = runs.get(key);
      if (run) run.status = outcome;
    },
    async stopElsewhere(key) {
      const run = runs.get(key);
      if (run) run.status = 'failed';
      return /It is failed/;
    },
    wrongCredential: async () => ({
      env: {
        DEPLOY_SECRET: `whsec_${Buffer.from('a secret of nobody at all').toString('base64')}`,
      },
      says: /check the secret in DEPLOY_SECRET/,
    }),
    missingPermission: async () => ({
      env: { DEPLOY_SECRET: otherSecret },
      says: /give the secret in DEPLOY_SECRET the right/,
    }),
    targetNotFound: async () => ({ config: { url: `${url}/elsewhere` }, says: /check the url/ }),
    refused: async () => ({ ref: 'v9-withdrawn', says: /v9-withdrawn was withdrawn/ }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The secret by which a request is signed, where it is one that the receiver knows. */
function signerOf(request: IncomingMessage, body: string): string | undefined {
  return [webhookSecret, otherSecret].find((secret) => {
    try {
      new Webhook(secret).verify(body, request.headers as Record<string, string>);
      return true;
    } catch {
      return false;
    }
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
