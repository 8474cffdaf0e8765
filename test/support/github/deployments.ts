import { type Answer, type Route, refuse, type World } from './world.ts';

interface Status extends Record<string, unknown> {
  state: string;
}

export interface Deployment extends Record<string, unknown> {
  id: number;
  sha: string;
  ref: string;
  environment: string;
  payload: unknown;
}

interface Made {
  deployment: Deployment;
  /** Newest first. */
  statuses: Status[];
  hangs: boolean;
}

interface Request {
  ref: string;
  environment?: string;
  payload?: unknown;
  required_contexts?: string[];
  auto_merge?: boolean;
}

/** Whatever deploys: it works on a deployment a step further each time that its statuses are read. */
const steps = ['queued', 'in_progress', 'success'];

const base = '/repos/{owner}/{repo}/deployments';

export function deploymentRoutes(world: World) {
  const made: Made[] = [];
  /** The commits whose status checks have failed. */
  const failedChecks = new Set(['v4']);
  const environmentOf = (path: string) =>
    new URL(path, 'http://api').searchParams.get('environment');

  function create({ ref, environment = 'production', payload = {} }: Request): Made {
    const id = made.length + 1;
    const now = new Date().toISOString();
    const deployment: Deployment = {
      ...world.api.exampleOf('post', base, 201),
      ...{ id, ref, environment, payload, created_at: now, updated_at: now },
      sha: world.commits.get(ref) ?? ref,
      statuses_url: `${world.url}/deployments/${id}/statuses`,
    };
    const one: Made = { deployment, statuses: [], hangs: world.hangs };
    made.unshift(one);
    return one;
  }

  function setStatus({ deployment, statuses }: Made, state: string, description = ''): void {
    const [example] = world.api.exampleOf(
      'get',
      `${base}/{deployment_id}/statuses`,
      200,
    ) as unknown as Status[];
    const id = deployment.id * 100 + statuses.length;
    const now = new Date().toISOString();
    const log_url = `https://ci.example.com/deployments/${deployment.id}`;
    statuses.unshift({
      ...example,
      ...{ id, state, description, log_url, target_url: log_url, created_at: now, updated_at: now },
    });
  }

  function statusesOf(id: string): Answer {
    const one = made.find(({ deployment }) => String(deployment.id) === id);
    if (!one) return refuse(404, 'Not Found');
    const next = steps[one.statuses.length];
    const isOver = one.statuses.some(({ state }) => !['queued', 'in_progress'].includes(state));
    if (next && !isOver && !(one.hangs && next === 'success')) setStatus(one, next, `now ${next}`);
    return { status: 200, body: one.statuses };
  }

  function post(request: Request): Answer {
    const { ref, required_contexts: contexts, auto_merge: merges = true } = request;
    const isCommit = [...world.commits.values()].includes(ref);
    if (!world.commits.has(ref) && !isCommit) return refuse(422, `No ref found for: ${ref}`);
    if (merges) return { status: 202, body: { message: 'Auto-merged main into the ref.' } };
    if (failedChecks.has(ref) && contexts?.length !== 0) {
      return refuse(409, `Conflict: Commit status checks failed for ${ref}.`);
    }
    return { status: 201, body: create(request).deployment };
  }

  const routes: Route[] = [
    {
      method: 'GET',
      path: /^\/deployments$/,
      handle: ({ path }) => ({
        status: 200,
        body: made
          .map(({ deployment }) => deployment)
          .filter(({ environment }) => environment === (environmentOf(path) ?? environment)),
      }),
    },
    {
      method: 'POST',
      path: /^\/deployments$/,
      needs: 'deployments=write',
      handle: ({ body }) => post(body as Request),
    },
    {
      method: 'GET',
      path: /^\/deployments\/(\d+)\/statuses$/,
      handle: (_, id = '') => statusesOf(id),
    },
  ];

  const holding = (key: string) =>
    made.filter(({ deployment }) =>
      JSON.stringify(deployment.payload).includes(JSON.stringify(key)),
    );

  return {
    routes,
    made,
    /** Those that hold the key in their payload. */
    holding,
    setStatus,
    /** As people deploy past us, successfully. */
    byHand(ref: string): Deployment {
      const one = create({ ref });
      setStatus(one, 'success');
      return one.deployment;
    },
    live: (): Deployment | undefined =>
      made.find(({ statuses }) => statuses[0]?.state === 'success')?.deployment,
  };
}
