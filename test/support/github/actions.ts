import { type Answer, type Route, refuse, type World } from './world.ts';

export interface WorkflowRun extends Record<string, unknown> {
  id: number;
  display_title: string;
  status: string;
  conclusion: string | null;
}

interface Made {
  run: WorkflowRun;
  inputs: Record<string, string>;
  hangs: boolean;
  /** In how many more lists it is not yet found. */
  hiddenFor: number;
}

const base = '/repos/{owner}/{repo}/actions';
export const workflow = 'deploy.yml';

/** The `run-name` of the workflow, filled in as the runner does. */
const nameOf = ({ action, ref, environment, key = '' }: Record<string, string>): string =>
  `${action} ${ref} to ${environment} [${key}]`;

/** A workflow that works a step further each time that a run of it is read. */
export function actionsRoutes(world: World) {
  const made: Made[] = [];
  const state = {
    /** In how many lists a new run is not yet found. */
    hidesFor: 0,
    workflow: 'active',
    named: nameOf,
    cannotCancel: false,
  };

  function create(inputs: Record<string, string>): Made {
    const id = 30_433_642 + made.length;
    const now = new Date().toISOString();
    const run: WorkflowRun = {
      ...world.api.exampleOf('get', `${base}/runs/{run_id}`, 200),
      ...{ id, display_title: state.named(inputs), event: 'workflow_dispatch' },
      ...{ status: 'queued', conclusion: null, path: `.github/workflows/${workflow}` },
      ...{ created_at: now, updated_at: now, run_started_at: now },
      html_url: `https://github.com/acme/shop/actions/runs/${id}`,
    };
    const one = { run, inputs, hangs: world.hangs, hiddenFor: state.hidesFor };
    made.unshift(one);
    return one;
  }

  function finish({ run }: Made, conclusion: string): void {
    run.status = 'completed';
    run.conclusion = conclusion;
  }

  function dispatch(body: unknown): Answer {
    const {
      ref,
      inputs,
      return_run_details: tells,
    } = body as {
      ref: string;
      inputs: Record<string, string>;
      return_run_details?: boolean;
    };
    if (ref !== 'main') return refuse(422, `No ref found for: ${ref}`);
    if (inputs.ref === 'v9-withdrawn') {
      return refuse(
        422,
        'Provided value "v9-withdrawn" for input "ref" not in the list of allowed values',
      );
    }
    const { id, html_url } = create(inputs).run;
    if (!tells) return { status: 204 };
    const run_url = `${world.url}/repos/acme/shop/actions/runs/${id}`;
    return { status: 200, body: { workflow_run_id: id, run_url, html_url } };
  }

  function list(): Answer {
    const shown = made.filter((one) => one.hiddenFor-- <= 0).map(({ run }) => run);
    return { status: 200, body: { total_count: shown.length, workflow_runs: shown } };
  }

  const find = (id: string) => made.find(({ run }) => String(run.id) === id);

  function read(id: string): Answer {
    const one = find(id);
    if (!one) return refuse(404, 'Not Found');
    if (one.run.status === 'in_progress' && !one.hangs) finish(one, 'success');
    if (one.run.status === 'queued') one.run.status = 'in_progress';
    return { status: 200, body: one.run };
  }

  function jobs(id: string): Answer {
    const one = find(id);
    if (!one) return refuse(404, 'Not Found');
    const { jobs: examples } = world.api.exampleOf('get', `${base}/runs/{run_id}/jobs`, 200) as {
      jobs: Record<string, unknown>[];
    };
    const { status, conclusion } = one.run;
    const { created_at } = one.run;
    const job = { ...examples[0], created_at, name: 'deploy', status, conclusion };
    return { status: 200, body: { total_count: 1, jobs: [job] } };
  }

  function cancel(id: string): Answer {
    const one = find(id);
    if (!one) return refuse(404, 'Not Found');
    if (one.run.status === 'completed' || state.cannotCancel) {
      return refuse(409, 'Cannot cancel a workflow run that is completed.');
    }
    finish(one, 'cancelled');
    return { status: 202, body: {} };
  }

  const itself = world.api.exampleOf('get', `${base}/workflows/{workflow_id}`, 200);
  const routes: Route[] = [
    {
      method: 'GET',
      path: /^\/actions\/workflows\/([\w.-]+)$/,
      handle: (_, name) =>
        name === workflow
          ? { status: 200, body: { ...itself, state: state.workflow } }
          : refuse(404, 'Not Found'),
    },
    {
      method: 'POST',
      path: /^\/actions\/workflows\/([\w.-]+)\/dispatches$/,
      needs: 'actions=write',
      handle: ({ body }, name) => (name === workflow ? dispatch(body) : refuse(404, 'Not Found')),
    },
    { method: 'GET', path: /^\/actions\/runs$/, handle: list },
    { method: 'GET', path: /^\/actions\/runs\/(\d+)$/, handle: (_, id = '') => read(id) },
    { method: 'GET', path: /^\/actions\/runs\/(\d+)\/jobs$/, handle: (_, id = '') => jobs(id) },
    {
      method: 'POST',
      path: /^\/actions\/runs\/(\d+)\/cancel$/,
      needs: 'actions=write',
      handle: (_, id = '') => cancel(id),
    },
  ];

  return {
    routes,
    made,
    state,
    finish,
    /** Those whose name holds the key. */
    holding: (key: string) => made.filter(({ run }) => run.display_title.includes(`[${key}]`)),
    /** As people run it from the page, successfully. */
    byHand(ref: string, environment = 'production'): WorkflowRun {
      const one = create({ action: 'deploy', ref, environment });
      finish(one, 'success');
      return one.run;
    },
    live: (): string | undefined =>
      made.find(({ run }) => run.conclusion === 'success')?.inputs.ref,
  };
}
