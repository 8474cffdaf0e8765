import { z } from 'zod';
import { duration } from '../../../process/duration.ts';
import type { LiveVersion } from '../../../process/outcomes.ts';
import type { AdapterDeps } from '../../deps.ts';
import { messageOf, permanent } from '../../failures.ts';
import type { Access, DeployAdapter, DeployRequest, Finished, Following, Run } from '../types.ts';
import { type Look, type Stopped, untilFinished } from '../until-finished.ts';
import { checkRepository } from './access.ts';
import { createGitHubClient, githubConfigShape } from './client.ts';
import { fillIn, readName } from './run-name.ts';
import { assertUndoable, nameOf } from './undo.ts';
import { createWorkflowRuns, type WorkflowRun } from './workflow-runs.ts';

const withKey = (text: string) => text.includes('{key}');

export const githubWorkflowConfigSchema = z
  .strictObject({
    adapter: z.literal('github-workflow'),
    ...githubConfigShape,
    workflow: z
      .string()
      .regex(/^[\w.-]+\.ya?ml$/, { error: 'must be the name of a file in .github/workflows' })
      .describe('The file of the workflow, which runs on workflow_dispatch'),
    branch: z.string().min(1).default('main').describe('The branch whose workflow runs'),
    inputs: z
      .record(z.string(), z.string())
      .refine((inputs) => Object.values(inputs).some(withKey), {
        error: 'must hand over {key} in one of the inputs',
      })
      .prefault({ action: '{action}', ref: '{ref}', environment: '{environment}', key: '{key}' })
      .describe('What it is given; {action}, {ref}, {environment} and {key} are filled in'),
    runName: z
      .string()
      .refine(withKey, { error: 'must contain {key}' })
      .prefault('{action} {ref} to {environment} [{key}]')
      .describe("The workflow's run-name, as it is once the inputs are filled in"),
    appearWithin: duration
      .refine((value) => value <= 600_000, { error: 'must be at most 10m' })
      .prefault('30s')
      .describe('How long it may take until a run that was asked for is listed'),
  })
  .describe('Runs a workflow of GitHub Actions, or of Gitea');
export type GitHubWorkflowConfig = z.infer<typeof githubWorkflowConfigSchema>;

const lookEvery = 1_000;
/** What a run that was asked to stop gets to end. */
const stopsWithin = 60_000;

/**
 * Starts a workflow by `workflow_dispatch` and follows its run. The API knows no idempotency key and
 * does not tell a run's inputs: a run is known by the key in its name, which the workflow's
 * `run-name` must put there, and so is what it deployed.
 * The endpoints: docs.github.com/rest/actions/workflows and /workflow-runs.
 */
export function createGitHubWorkflow(
  config: GitHubWorkflowConfig,
  deps: AdapterDeps,
): DeployAdapter {
  const client = createGitHubClient(config, deps);
  const runs = createWorkflowRuns(config, client);
  const { repository, workflow, runName } = config;

  const environmentOf = ({ environment }: Pick<DeployRequest, 'environment'>) =>
    config.environment ?? environment;
  const named = (run: WorkflowRun) => readName(runName, run.display_title);

  /** The newest run before `than` that succeeded there, whatever it was asked to do. */
  function liveAmong(
    all: readonly WorkflowRun[],
    environment: string,
    than = Number.POSITIVE_INFINITY,
  ) {
    const run = all.find(
      (one) =>
        one.id < than &&
        one.conclusion === 'success' &&
        isFor(environment, named(one)?.environment),
    );
    const { ref, key } = (run && named(run)) ?? {};
    return run && ref ? { version: ref, restore: { ref, run: String(run.id) }, key } : undefined;
  }

  /** A name that does not tell the environment is of a workflow that has only one. */
  const isFor = (environment: string, told: string | undefined) =>
    runName.includes('{environment}') ? told === environment : true;

  async function live(
    request: Pick<DeployRequest, 'environment'>,
    signal: AbortSignal,
  ): Promise<LiveVersion | undefined> {
    return withoutKey(liveAmong(await runs.list(signal), environmentOf(request)));
  }

  async function check(
    step: Pick<DeployRequest, 'environment'>,
    signal: AbortSignal,
  ): Promise<Access> {
    await checkRepository(client, config, 'Actions: write', signal);
    await runs.check(signal);
    const version = await live(step, signal);
    const now = version
      ? `its last run that succeeded deployed ${version.version}`
      : 'no run of it tells what is live';
    return {
      summary: `The token may run ${workflow} of ${repository}; in ${environmentOf(step)} ${now}.`,
      live: version,
    };
  }

  async function find(
    request: DeployRequest,
    signal: AbortSignal,
    again = false,
  ): Promise<Run | undefined> {
    const until = deps.monotonic() + (again ? config.appearWithin : 0);
    for (;;) {
      const all = await runs.list(signal);
      const found = all.find((run) => named(run)?.key === request.idempotencyKey);
      if (found) return runOf(found, beforeOf(request, all, found));
      if (deps.monotonic() >= until) return undefined;
      await deps.sleep(lookEvery, signal);
    }
  }

  const beforeOf = (request: DeployRequest, all: readonly WorkflowRun[], run: WorkflowRun) =>
    request.action === 'rollback'
      ? request.before
      : withoutKey(liveAmong(all, environmentOf(request), run.id));

  function runOf(run: WorkflowRun, before?: LiveVersion): Run {
    const times = [run.run_started_at, run.created_at, run.started_at];
    // Gitea tells of a run that waits that it started in 1970.
    const startedAt = times.find((time) => time && Date.parse(time) > 0);
    return {
      id: String(run.id),
      startedAt: startedAt ?? deps.now().toISOString(),
      url: run.html_url,
      ...(before && { before }),
    };
  }

  async function start(request: DeployRequest, signal: AbortSignal): Promise<Run> {
    const ref = request.action === 'rollback' ? await wayBack(request, signal) : request.ref;
    const { action, idempotencyKey: key } = request;
    const values = { action, ref, environment: environmentOf(request), key };
    const inputs = Object.entries(config.inputs).map(([name, text]) => [
      name,
      fillIn(text, values),
    ]);
    const startedAt = deps.now().toISOString();
    const details = await runs.dispatch(Object.fromEntries(inputs), signal);
    if (details) {
      return { id: String(details.workflow_run_id), startedAt, url: details.html_url };
    }
    const run = await find(request, signal, true);
    if (run) return run;
    throw permanent(
      'OutcomeUnknown',
      `${workflow} of ${repository} was asked to run, and no run whose name holds ${key} came to be listed: see there what runs, and that its run-name is as runName in the configuration.`,
    );
  }

  async function wayBack(request: DeployRequest, signal: AbortSignal): Promise<string> {
    const now = liveAmong(await runs.list(signal), environmentOf(request));
    const before = assertUndoable(request, now, (restore) => restore.run);
    return before.restore.ref ?? before.version;
  }

  async function follow(run: Run, request: DeployRequest, following: Following): Promise<Finished> {
    const { interval, timeout } = config;
    const place = run.url ?? `the runs of ${workflow} in ${repository}`;
    const look = (signal: AbortSignal) => lookAt(run, request, signal);
    const whom = `The workflow ${workflow}`;
    const polling = { request, look, whom, place, interval, timeout, stop: () => stop(run, place) };
    return untilFinished(polling, following, deps);
  }

  async function lookAt(run: Run, request: DeployRequest, signal: AbortSignal): Promise<Look> {
    const { status, conclusion, html_url: url, display_title } = await runs.get(run.id, signal);
    const progress = await runs.progress(run.id, signal);
    if (status !== 'completed') return { progress: progress || `It is ${status}.` };
    const outcome = conclusion === 'success' ? 'succeeded' : 'failed';
    const how = conclusion === 'success' ? 'succeeded' : `ended as ${conclusion}`;
    const nameless = display_title.includes(request.idempotencyKey)
      ? ''
      : ' Its name does not hold the key of the step, so that a crash could start it twice: see run-name in the workflow and runName in the configuration.';
    return {
      progress,
      finished: {
        outcome,
        summary: `Run ${run.id} of ${workflow}, ${nameOf(request)}, ${how}.${nameless}`,
        output: progress,
        url,
        finishedAt: deps.now().toISOString(),
      },
    };
  }

  /** Cancels the run and waits for its end, for a minute at most. */
  async function stop(run: Run, place: string): Promise<Stopped> {
    const signal = AbortSignal.timeout(stopsWithin);
    const it = `Run ${run.id} of ${workflow}`;
    try {
      await runs.cancel(run.id, signal);
      for (;;) {
        const { status, conclusion } = await runs.get(run.id, signal);
        if (status === 'completed') {
          const said = `${it} was stopped on request (it ended as ${conclusion}): check what it left half done, see ${place}.`;
          return { isOver: true, said };
        }
        await deps.sleep(Math.min(lookEvery, config.interval), signal);
      }
    } catch (error) {
      const said = `that ${it} was stopped is not certain (${messageOf(error)}): see ${place}.`;
      return { isOver: false, said };
    }
  }

  return { name: 'github-workflow', live, check, find, start, follow };
}

const withoutKey = (found?: LiveVersion & { key?: string | undefined }): LiveVersion | undefined =>
  found && { version: found.version, restore: found.restore };
