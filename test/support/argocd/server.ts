import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { commitOf, type Operation, StandInApplication } from './application.ts';
import type { Exchange } from './validator.ts';

interface Account {
  username: string;
  /** What it may do to the applications of the project `default`. */
  rights: readonly string[];
}

/** By token. */
const accounts: Record<string, Account> = {
  'token-of-hotfix': { username: 'hotfix', rights: ['get', 'sync'] },
  'token-of-a-reader': { username: 'reader', rights: ['get'] },
};

/** Status and gRPC code, as grpc-gateway 1 pairs them. */
const refusals = {
  invalidArgument: [400, 3],
  notFound: [404, 5],
  permissionDenied: [403, 7],
  failedPrecondition: [400, 9],
  unauthenticated: [401, 16],
} as const;

class Refusal extends Error {
  readonly kind: keyof typeof refusals;

  constructor(kind: keyof typeof refusals, message: string) {
    super(message);
    this.kind = kind;
  }
}

interface Call {
  account: Account | undefined;
  parts: string[];
  query: URLSearchParams;
  content: Record<string, unknown>;
}

interface Settings {
  /** Whether it is a right of its own, as newer versions can be told; older ones do not know it. */
  rollback: 'asSync' | 'enforced' | 'unknown';
  /** Whether a revision that is not the target takes the right to override. */
  requiresOverride: boolean;
}

/** One that began, by the key that it carries; a rollback carries none. */
interface Begun {
  key: string | undefined;
  kind: 'sync' | 'rollback';
  operation: Operation;
}

/**
 * A stand-in of an Argo CD server with one Application, `shop`. It answers as the server's own code
 * does (who is told what, what is refused and in which order), and hands every exchange to `validate`.
 */
export async function startArgoCd(validate: (exchange: Exchange) => string[]) {
  const shop = new StandInApplication('shop', commitOf('v1'));
  const settings: Settings = { rollback: 'asSync', requiresOverride: false };
  const begun: Begun[] = [];
  const problems: string[] = [];

  function answerTo(call: Call, method: string): unknown {
    const [service, ...rest] = call.parts;
    if (service === 'session') return userOf(call);
    if (!call.account)
      throw new Refusal('unauthenticated', 'invalid session: signature is invalid');
    if (service === 'account') return mayDo(call.account, rest);
    const [name = '', action = ''] = rest;
    const handlers: Record<string, () => unknown> = {
      'GET ': () => get(call, name),
      'POST sync': () => sync(call, name),
      'POST rollback': () => rollback(call, name),
      'DELETE operation': () => terminate(call, name),
    };
    const handler = handlers[`${method} ${action}`];
    if (!handler) throw new Refusal('notFound', 'Not Found');
    return handler();
  }

  const rightToRollBack = () => (settings.rollback === 'enforced' ? 'rollback' : 'sync');

  /** This one is answered to everybody. */
  const userOf = ({ account }: Call) =>
    account ? { loggedIn: true, username: account.username, iss: 'argocd' } : {};

  function mayDo({ rights }: Account, [, resource = '', asked = '', ...subject]: string[]) {
    if (asked === 'rollback' && settings.rollback === 'unknown') {
      throw new Refusal('invalidArgument', `[get create update sync] does not contain ${asked}`);
    }
    const action = asked === 'rollback' ? rightToRollBack() : asked;
    const allowed =
      resource === 'applications' && subject[0] === 'default' && rights.includes(action);
    return { value: allowed ? 'yes' : 'no' };
  }

  /** A project that is named lets it tell what is missing; without one that is forbidden too. */
  function enforced({ account, query, content }: Call, name: string, right: string) {
    const project = query.get('project') ?? content.project;
    const denied = new Refusal('permissionDenied', 'permission denied');
    const allowed = account?.rights.includes(right) ?? false;
    if (project !== undefined && (project !== 'default' || !allowed)) throw denied;
    if (name === shop.metadata.name && allowed) return shop;
    if (project === undefined) throw denied;
    throw new Refusal('notFound', `applications.argoproj.io "${name}" not found`);
  }

  function get(call: Call, name: string) {
    const application = enforced(call, name, 'get');
    application.step();
    return application.json;
  }

  function sync(call: Call, name: string) {
    const application = enforced(call, name, 'get');
    assertMay(call, 'sync', name);
    const { revision, revisions, sourcePositions, infos } = call.content as {
      revision?: string;
      revisions?: string[];
      sourcePositions?: number[];
      infos?: Operation['info'];
    };
    const { source, sources } = application.spec;
    const targets = (sources ?? [source]).map((one, index) => {
      const given = sources ? revisions?.[sourcePositions?.indexOf(index + 1) ?? -1] : revision;
      const target = one?.targetRevision ?? 'HEAD';
      if (settings.requiresOverride && given !== undefined && given !== target) {
        assertMay(call, 'override', name);
      }
      return resolved(given, target);
    });
    const what = sources
      ? { sources, revisions: targets }
      : { ...(source && { source }), revision: targets[0] ?? '' };
    const initiatedBy = { username: call.account?.username ?? '' };
    begin({ sync: what, initiatedBy, ...(infos && { info: infos }) }, 'sync');
    return application.json;
  }

  function resolved(given: string | undefined, target: string): string {
    if (given !== undefined && given !== target && isAutomated()) {
      throw new Refusal(
        'failedPrecondition',
        `Cannot sync to ${given}: auto-sync currently set to ${target}`,
      );
    }
    if (given === 'v9-withdrawn') {
      throw new Refusal(
        'failedPrecondition',
        `error resolving repo revision: rpc error: code = Unknown desc = unable to resolve '${given}' to a commit SHA`,
      );
    }
    return commitOf(given ?? target);
  }

  function rollback(call: Call, name: string) {
    const application = enforced(call, name, rightToRollBack());
    if (isAutomated()) {
      throw new Refusal(
        'failedPrecondition',
        'rollback cannot be initiated when auto-sync is enabled',
      );
    }
    const { id } = call.content;
    const entry = application.status.history?.find((one) => one.id === id);
    if (!entry) {
      throw new Refusal(
        'invalidArgument',
        `application argocd/${name} does not have deployment with id ${String(id)}`,
      );
    }
    const { revision, revisions, source, sources } = entry;
    const what = {
      ...(revisions ? { revisions } : { revision: revision ?? '' }),
      ...(sources ? { sources } : source && { source }),
      syncStrategy: { apply: {} },
    };
    begin({ sync: what, initiatedBy: { username: call.account?.username ?? '' } }, 'rollback');
    return application.json;
  }

  function begin(operation: Operation, kind: Begun['kind']): void {
    if (!shop.request(operation)) {
      throw new Refusal('failedPrecondition', 'another operation is already in progress');
    }
    const key = operation.info?.find(({ name }) => name === 'Hotfix step')?.value;
    begun.push({ key, kind, operation });
  }

  function terminate(call: Call, name: string) {
    const application = enforced(call, name, 'sync');
    if (!application.operation || !application.status.operationState) {
      throw new Refusal(
        'invalidArgument',
        'Unable to terminate operation. No operation is in progress',
      );
    }
    application.terminate();
    return {};
  }

  function assertMay({ account }: Call, right: string, name: string): void {
    if (account?.rights.includes(right)) return;
    throw new Refusal(
      'permissionDenied',
      `permission denied: applications, ${right}, default/${name}, sub: ${account?.username}`,
    );
  }

  const isAutomated = () =>
    shop.spec.syncPolicy?.automated !== undefined &&
    shop.spec.syncPolicy.automated.enabled !== false;

  function exchange(request: IncomingMessage, body: string): { status: number; answer: unknown } {
    const { pathname, searchParams: query } = new URL(request.url ?? '', 'http://argocd');
    const parts = pathname.replace('/api/v1/', '').split('/').map(decodeURIComponent);
    const account = accounts[request.headers.authorization?.replace('Bearer ', '') ?? ''];
    try {
      const content = body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
      const call: Call = { account, parts, query, content };
      return { status: 200, answer: answerTo(call, request.method ?? '') };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { message } = error;
      const [status, code] = refusals[error.kind];
      return { status, answer: { error: message, code, message } };
    }
  }

  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { status, answer } = exchange(request, body);
      const { method = '', url: path = '' } = request;
      problems.push(...validate({ method, path, body, status, answer }));
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    shop,
    settings,
    begun,
    /** Throws where an exchange was not as the description says. */
    close: async (): Promise<void> => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      if (problems.length > 0) throw new Error(`Not as described:\n${problems.join('\n')}`);
    },
  };
}

export type ArgoCd = Awaited<ReturnType<typeof startArgoCd>>;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
