import { z } from 'zod';
import { isTransient, permanent } from '../../failures.ts';
import type { GitHubClient, Purpose } from './client.ts';
import type { GitHubWorkflowConfig } from './workflow.ts';

/** GitHub and Gitea tell the times by other names. */
const runSchema = z.object({
  id: z.number(),
  display_title: z.string(),
  path: z.string(),
  status: z.string().nullable(),
  conclusion: z.string().nullish(),
  html_url: z.string(),
  created_at: z.string().optional(),
  run_started_at: z.string().optional(),
  started_at: z.string().optional(),
});
export type WorkflowRun = z.infer<typeof runSchema>;

const stepSchema = z.object({
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullish(),
});
const jobsSchema = z.object({
  jobs: z.array(stepSchema.extend({ steps: z.array(stepSchema).nullish() })),
});

const detailsSchema = z.object({ workflow_run_id: z.number(), html_url: z.string() });
export type RunDetails = z.infer<typeof detailsSchema>;

const mostListed = 100;

/** The runs of one workflow, as far as GitHub and Gitea tell them alike. */
export function createWorkflowRuns(config: GitHubWorkflowConfig, client: GitHubClient) {
  const { repository, workflow, branch } = config;
  const reads = (to: string, target = `the repository ${repository}`): Purpose => ({
    to,
    needs: 'Actions: read',
    target,
  });
  const writes = (to: string, target: string): Purpose => ({ to, needs: 'Actions: write', target });
  const itself = `the workflow ${workflow} in ${repository}`;

  /** `.github/workflows/deploy.yml` at GitHub, `deploy.yml@refs/heads/main` at Gitea. */
  const isOfWorkflow = ({ path }: WorkflowRun) =>
    path.replace(/@.*$/, '').split('/').at(-1) === workflow;

  return {
    /** The newest that were dispatched, newest first. */
    async list(signal: AbortSignal): Promise<WorkflowRun[]> {
      const { workflow_runs } = await client.read(
        reads('list the runs of workflows'),
        z.object({ workflow_runs: z.array(runSchema) }),
        signal,
        (rest, common) =>
          rest.actions.listWorkflowRunsForRepo({
            ...common,
            event: 'workflow_dispatch',
            per_page: mostListed,
          }),
      );
      return workflow_runs.filter(isOfWorkflow).toSorted((one, other) => other.id - one.id);
    },

    get: (id: string, signal: AbortSignal): Promise<WorkflowRun> =>
      client.read(
        reads('read a run', `run ${id} in ${repository}`),
        runSchema,
        signal,
        (rest, common) => rest.actions.getWorkflowRun({ ...common, run_id: Number(id) }),
      ),

    /** Its jobs and the steps that have begun, a line each. */
    async progress(id: string, signal: AbortSignal): Promise<string> {
      const { jobs } = await client.read(
        reads('read the jobs of a run', `run ${id} in ${repository}`),
        jobsSchema,
        signal,
        (rest, common) =>
          rest.actions.listJobsForWorkflowRun({ ...common, run_id: Number(id), per_page: 100 }),
      );
      return jobs
        .flatMap(({ steps, ...job }) => [
          spell(job),
          ...(steps ?? []).filter(hasBegun).map((step) => `  ${spell(step)}`),
        ])
        .join('\n');
    },

    /** Asks for a run; its id where the forge tells it at once. */
    async dispatch(
      inputs: Record<string, string>,
      signal: AbortSignal,
    ): Promise<RunDetails | undefined> {
      const ask = (more: { return_run_details?: boolean }) =>
        client.write(
          writes(`run ${workflow} on ${branch}`, `${itself}, or its branch ${branch}`),
          z.union([detailsSchema, z.literal('')]),
          signal,
          (rest, common) =>
            rest.actions.createWorkflowDispatch({
              ...common,
              ...{ workflow_id: workflow, ref: branch, inputs },
              ...more,
            }),
        );
      try {
        return (await ask({ return_run_details: true })) || undefined;
      } catch (error) {
        if (!isUnknownField(error)) throw error;
        // GitHub Enterprise Server up to 3.19 does not know the field, and has begun nothing.
        return (await ask({})) || undefined;
      }
    },

    async cancel(id: string, signal: AbortSignal): Promise<void> {
      await client.write(
        writes('cancel a run', `a way to cancel run ${id}`),
        z.unknown(),
        signal,
        (rest, common) => rest.actions.cancelWorkflowRun({ ...common, run_id: Number(id) }),
      );
    },

    /** Throws where the workflow or its branch is not there or the workflow is switched off. */
    async check(signal: AbortSignal): Promise<void> {
      const { state } = await client.read(
        reads('read the workflow', itself),
        z.object({ state: z.string() }),
        signal,
        (rest, common) => rest.actions.getWorkflow({ ...common, workflow_id: workflow }),
      );
      await client.read(
        { to: 'read the branch', needs: 'Contents: read', target: `the branch ${branch}` },
        z.object({ name: z.string() }),
        signal,
        (rest, common) => rest.repos.getBranch({ ...common, branch }),
      );
      if (state === 'active') return;
      throw permanent(
        'Refused',
        `The workflow ${workflow} of ${repository} is ${state}: enable it.`,
      );
    },
  };
}

const isUnknownField = (error: unknown): boolean =>
  error instanceof Error && !isTransient(error) && error.message.includes('return_run_details');

type Step = z.infer<typeof stepSchema>;

const hasBegun = ({ status }: Step): boolean => ['in_progress', 'completed'].includes(status);

const spell = ({ name, status, conclusion }: Step): string =>
  `${name}: ${conclusion || status.replaceAll('_', ' ')}`;
