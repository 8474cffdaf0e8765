import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { type Exchange, OpenApi } from '../openapi.ts';
import { actionsRoutes } from './actions.ts';
import { deploymentRoutes } from './deployments.ts';
import {
  type Answer,
  type Route,
  reader,
  refuse,
  repository,
  sha,
  type World,
  writer,
} from './world.ts';

type Description = 'api.github.com' | 'ghes-3.19';
const known = new Map<Description, OpenApi>();

/** GitHub's own description of itself, as the package of its maintainers has it. */
function descriptionOf(name: Description): OpenApi {
  const folder = dirname(createRequire(import.meta.url).resolve('@octokit/openapi/package.json'));
  const text = () => readFileSync(join(folder, 'generated', `${name}.json`), 'utf8');
  const api =
    known.get(name) ?? new OpenApi(JSON.parse(text()), '#/components/schemas/basic-error');
  known.set(name, api);
  return api;
}

/**
 * A stand-in for GitHub's API that holds every request and each of its own answers against GitHub's
 * description of it. `violations` has what was not as described; a test that ends with any has failed.
 */
export async function startGitHub(description: Description = 'api.github.com') {
  const api = descriptionOf(description);
  const refs = ['v1', 'v2', 'v3', 'v4', 'v7'];
  const commits = new Map(refs.map((ref) => [ref, sha(ref)]));
  const world: World = { api, url: '', commits, hangs: false };
  const violations: string[] = [];
  const deployments = deploymentRoutes(world);
  const actions = actionsRoutes(world);
  const routes = [...repositoryRoutes(world), ...deployments.routes, ...actions.routes];

  const server = createServer((incoming, response) => {
    void exchangeOf(incoming).then((exchange) => {
      const { status, body, headers } = answerTo(exchange, incoming);
      violations.push(...api.problemsOfAnswer(exchange, status, body));
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    });
  });

  function answerTo(exchange: Exchange, incoming: IncomingMessage): Answer {
    const { pathname } = new URL(exchange.path, 'http://api');
    const token = incoming.headers.authorization?.replace(/^(token|bearer) /i, '');
    if (token !== writer && token !== reader) return refuse(401, 'Bad credentials');
    if (!pathname.startsWith(`/repos/${repository}`)) return refuse(404, 'Not Found');
    const problems = api.problemsOfRequest(exchange);
    violations.push(...problems);
    if (problems.length > 0) return refuse(422, `Invalid request.\n\n${problems.join('\n')}`);
    for (const { method, path, needs, handle } of routes) {
      const parts = path.exec(pathname.slice(`/repos/${repository}`.length));
      if (!parts || method !== exchange.method) continue;
      if (needs && token !== writer) return forbid(needs);
      // GitHub tells who may push, whatever the token itself may do.
      const answer = handle(exchange, ...parts.slice(1).map(decodeURIComponent));
      return pathname === `/repos/${repository}` ? asSeenBy(token, answer) : answer;
    }
    return refuse(404, 'Not Found');
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  world.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    world,
    url: world.url,
    violations,
    deployments,
    actions,
    /** Throws where anything was not as GitHub describes it. */
    async close(): Promise<void> {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      if (violations.length > 0) throw new Error(`Not as described:\n${violations.join('\n')}`);
    },
  };
}

export type GitHub = Awaited<ReturnType<typeof startGitHub>>;

const forbid = (needs: string): Answer => ({
  ...refuse(403, 'Resource not accessible by personal access token'),
  headers: { 'x-accepted-github-permissions': needs },
});

function asSeenBy(token: string, { body, ...answer }: Answer): Answer {
  const isWriter = token === writer;
  const permissions = {
    admin: false,
    maintain: false,
    push: isWriter,
    triage: isWriter,
    pull: true,
  };
  return { ...answer, body: { ...(body as object), permissions } };
}

const repositoryRoutes = ({ api }: World): Route[] => [
  {
    method: 'GET',
    path: /^$/,
    handle: () => {
      const example = api.exampleOf('get', '/repos/{owner}/{repo}', 200);
      // The example lacks a language, here and in what the repository is a fork of.
      const own = { language: 'TypeScript', full_name: repository, source: undefined };
      return { status: 200, body: { ...example, ...own } };
    },
  },
  {
    method: 'GET',
    path: /^\/branches\/([^/]+)$/,
    handle: (_, branch) =>
      branch === 'main'
        ? {
            status: 200,
            body: api.exampleOf('get', '/repos/{owner}/{repo}/branches/{branch}', 200),
          }
        : refuse(404, 'Branch not found'),
  },
];

async function exchangeOf(incoming: IncomingMessage): Promise<Exchange> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const { method = '', url: path = '' } = incoming;
  return { method, path, body: text === '' ? undefined : JSON.parse(text) };
}
