import { z } from 'zod';
import type { LiveVersion } from '../../../process/outcomes.ts';
import type { AdapterDeps } from '../../deps.ts';
import type { Access, DeployAdapter, DeployRequest, Finished, Following, Run } from '../types.ts';
import { type Look, untilFinished } from '../until-finished.ts';
import { checkRepository } from './access.ts';
import { createGitHubClient, githubConfigShape, type Purpose } from './client.ts';
import { assertUndoable, nameOf } from './undo.ts';

export const githubDeploymentConfigSchema = z
  .strictObject({
    adapter: z.literal('github-deployment'),
    ...githubConfigShape,
    requiredContexts: z
      .array(z.string().min(1))
      .optional()
      .describe(
        'The status checks that must have passed; [] asks for none. Without it GitHub asks for all',
      ),
  })
  .describe('Makes a Deployment of GitHub and follows its statuses');
export type GitHubDeploymentConfig = z.infer<typeof githubDeploymentConfigSchema>;

const statusSchema = z.object({
  state: z.string(),
  description: z.string().nullish(),
  created_at: z.string(),
  log_url: z.string().nullish(),
  target_url: z.string().nullish(),
  environment_url: z.string().nullish(),
});
type Status = z.infer<typeof statusSchema>;

/** Our own part of a deployment's payload. */
const memorySchema = z.object({
  key: z.string(),
  /** What it is called, where its ref is a bare commit. */
  version: z.string().optional(),
  before: z.object({ version: z.string(), restore: z.record(z.string(), z.string()) }).optional(),
});

const deploymentSchema = z.object({
  id: z.number(),
  sha: z.string(),
  ref: z.string(),
  created_at: z.string(),
  payload: z.unknown(),
});
type Deployment = z.infer<typeof deploymentSchema>;

/** How many deployments of an environment are looked at, newest first. */
const newest = 100;
/** And of how many the statuses are asked, to find the one that is live. */
const lookedAt = 30;

const permission = 'Deployments: write';

/** The states that are an end, and what each means. In any other, also one that is new, it goes on. */
const outcomes = new Map<string, { outcome: Finished['outcome']; means: string }>([
  ['success', { outcome: 'succeeded', means: 'succeeded' }],
  ['failure', { outcome: 'failed', means: 'failed: its log says why' }],
  ['error', { outcome: 'failed', means: 'ended in an error: its log says why' }],
  [
    'inactive',
    {
      outcome: 'failed',
      means: 'was made inactive, by hand or by a newer deployment: see there what is live',
    },
  ],
]);

/**
 * A Deployment of GitHub: it is created here, and what listens for it deploys and sets its statuses.
 * The step's key and what was live before are in its payload. GitHub does not hold a key unique: a
 * crash is covered by looking for it first.
 * The endpoints: docs.github.com/rest/deployments.
 */
export function createGitHubDeployment(
  config: GitHubDeploymentConfig,
  deps: AdapterDeps,
): DeployAdapter {
  const client = createGitHubClient(config, deps);
  const { repository, requiredContexts } = config;
  const target = `the repository ${repository}`;
  const purposeOf = (to: string): Purpose => ({ to, needs: permission, target });

  const environmentOf = ({ environment }: Pick<DeployRequest, 'environment'>) =>
    config.environment ?? environment;

  const deploymentsOf = (environment: string, signal: AbortSignal) =>
    client.read(
      purposeOf('list the deployments'),
      z.array(deploymentSchema),
      signal,
      (rest, common) => rest.repos.listDeployments({ ...common, environment, per_page: newest }),
    );

  const statusesOf = (deployment_id: number, signal: AbortSignal) =>
    client.read(
      purposeOf('read the statuses of a deployment'),
      z.array(statusSchema),
      signal,
      (rest, common) =>
        rest.repos.listDeploymentStatuses({ ...common, deployment_id, per_page: newest }),
    );

  /** The newest deployment whose newest status is success. */
  async function liveDeployment(environment: string, signal: AbortSignal) {
    const deployments = await deploymentsOf(environment, signal);
    for (const deployment of deployments.slice(0, lookedAt)) {
      const [status] = await statusesOf(deployment.id, signal);
      if (status?.state === 'success') return deployment;
    }
    return undefined;
  }

  async function live(
    request: Pick<DeployRequest, 'environment'>,
    signal: AbortSignal,
  ): Promise<LiveVersion | undefined> {
    const deployment = await liveDeployment(environmentOf(request), signal);
    return deployment && versionOf(deployment);
  }

  async function check(
    step: Pick<DeployRequest, 'environment'>,
    signal: AbortSignal,
  ): Promise<Access> {
    await checkRepository(client, config, permission, signal);
    const version = await live(step, signal);
    const now = version
      ? `${version.version} is live`
      : 'nothing has been deployed there by GitHub yet';
    return {
      summary: `The token may deploy from ${repository}; in ${environmentOf(step)} ${now}.`,
      live: version,
    };
  }

  async function find(request: DeployRequest, signal: AbortSignal): Promise<Run | undefined> {
    const deployments = await deploymentsOf(environmentOf(request), signal);
    const found = deployments.find((one) => memoryOf(one)?.key === request.idempotencyKey);
    return found && runOf(found);
  }

  async function start(
    request: DeployRequest,
    signal: AbortSignal,
    before?: LiveVersion,
  ): Promise<Run> {
    const restored = request.action === 'rollback' ? await wayBack(request, signal) : undefined;
    const version = restored?.version ?? request.ref;
    const memory = { key: request.idempotencyKey, version, ...(before && { before }) };
    const created = await client.write(
      purposeOf(`create a deployment of ${version}`),
      deploymentSchema,
      signal,
      (rest, common) =>
        rest.repos.createDeployment({
          ...common,
          ref: restored?.restore.sha ?? request.ref,
          environment: environmentOf(request),
          production_environment: request.environment === 'production',
          auto_merge: false,
          description: `${nameOf(request)} (${request.incidentId})`.slice(0, 140),
          payload: { hotfix: memory },
          ...(requiredContexts && { required_contexts: requiredContexts }),
        }),
    );
    return runOf(created);
  }

  async function wayBack(request: DeployRequest, signal: AbortSignal): Promise<LiveVersion> {
    const deployment = await liveDeployment(environmentOf(request), signal);
    const now = deployment && { ...versionOf(deployment), key: memoryOf(deployment)?.key };
    return assertUndoable(request, now, (restore) => restore.deployment);
  }

  async function follow(run: Run, request: DeployRequest, following: Following): Promise<Finished> {
    const { interval, timeout } = config;
    const place = run.url ?? `the deployments of ${repository}`;
    const look = (signal: AbortSignal) => lookAt(run, request, signal);
    const whom = 'What deploys for GitHub';
    const stop = () => ({
      isOver: false,
      said: `GitHub cannot stop what carries out deployment ${run.id} of ${repository}.`,
    });
    const polling = { request, look, whom, place, interval, timeout, stop };
    return untilFinished(polling, following, deps);
  }

  async function lookAt(run: Run, request: DeployRequest, signal: AbortSignal): Promise<Look> {
    const statuses = await statusesOf(Number(run.id), signal);
    if (statuses.length === 0) {
      return {
        progress: 'Nothing has set a status yet: see that a workflow or tool listens for it.',
      };
    }
    const progress = statuses.toReversed().map(spellStatus).join('\n');
    // Newest first: the oldest of its ends is its own, a later one is what became of it since.
    const end = statuses.findLast(({ state }) => outcomes.has(state));
    return { progress, finished: end && finishedBy(end, progress, request, run) };
  }

  function finishedBy(end: Status, output: string, request: DeployRequest, run: Run): Finished {
    const { outcome = 'failed', means = '' } = outcomes.get(end.state) ?? {};
    const said = end.description ? ` (${end.description})` : '';
    const contexts = outcome === 'succeeded' ? contextsOf(requiredContexts) : '';
    const summary = `Deployment ${run.id} of ${repository}, ${nameOf(request)}, ${means}${said}${contexts}.`;
    const url = end.log_url || end.target_url || end.environment_url || undefined;
    return { outcome, summary, output, url, finishedAt: end.created_at };
  }

  return { name: 'github-deployment', live, check, find, start, follow };
}

const spellStatus = ({ created_at, state, description }: Status): string =>
  `${created_at} ${state}${description ? ` ${description}` : ''}`;

/** A choice that bypasses what GitHub would ask for is said with the result. */
function contextsOf(contexts: readonly string[] | undefined): string {
  if (!contexts) return '';
  return contexts.length === 0
    ? '; by the configuration no status check had to have passed'
    : `; by the configuration these checks had to have passed: ${contexts.join(', ')}`;
}

/** GitHub gives a payload back as it was sent, or as text. */
function memoryOf({ payload }: Deployment): z.infer<typeof memorySchema> | undefined {
  const schema = z.object({ hotfix: memorySchema });
  return schema.safeParse(typeof payload === 'string' ? parsed(payload) : payload).data?.hotfix;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function versionOf(deployment: Deployment): LiveVersion {
  const { id, sha, ref } = deployment;
  const version = memoryOf(deployment)?.version ?? ref;
  return { version, restore: { sha, deployment: String(id) } };
}

function runOf(deployment: Deployment): Run {
  const { id, created_at: startedAt } = deployment;
  const before = memoryOf(deployment)?.before;
  return { id: String(id), startedAt, ...(before && { before }) };
}
