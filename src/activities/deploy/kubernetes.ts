import { z } from 'zod';
import type { LiveVersion } from '../../process/outcomes.ts';
import type { AdapterDeps } from '../deps.ts';
import { permanent, transient } from '../failures.ts';
import { accessTo } from './kubernetes/access.ts';
import { createClient } from './kubernetes/client.ts';
import type { KubernetesConfig } from './kubernetes/config.ts';
import { createFollow } from './kubernetes/following.ts';
import { imageOf, isImage } from './kubernetes/image.ts';
import type { Template, Workload } from './kubernetes/objects.ts';
import { grant } from './kubernetes/refusals.ts';
import { deadlineExceeded, isObserved, rolloutOf } from './kubernetes/rollout.ts';
import { recordStep, type Step, stepsIn } from './kubernetes/steps.ts';
import { createTarget } from './kubernetes/target.ts';
import { digestOf, imagesOf, withImage } from './kubernetes/template.ts';
import type { Access, DeployAdapter, DeployRequest, DeployTarget, Run } from './types.ts';

/** What `restore` of a live version holds. */
const restoreSchema = z.object({
  /** The ReplicaSet or ControllerRevision that keeps the template. */
  revision: z.string(),
  /** The digest of the template. */
  template: z.string(),
});

/** What a step does to the workload: the template it is to have, and the patch that gives it that. */
interface Change {
  template: Template;
  patch: object;
}

const mostConflicts = 8;
const shortly = 1_000;

/**
 * Gives a workload a new image, and takes it back to the very pod template that it had. Which steps
 * changed it, the workload's own annotation says: it is written by the same patch, which names the
 * resourceVersion it was decided on, so that of all workers and retries one changes it once.
 */
export function createKubernetesDeploy(config: KubernetesConfig, deps: AdapterDeps): DeployAdapter {
  const target = createTarget(config, createClient(accessTo(config, deps), config.requestTimeout));

  async function live(
    _request: DeployRequest,
    signal: AbortSignal,
  ): Promise<LiveVersion | undefined> {
    return await liveOf(await target.read(signal), signal);
  }

  /** The current template, once the controller has kept it as a revision. */
  async function liveOf(workload: Workload, signal: AbortSignal): Promise<LiveVersion | undefined> {
    if (!isObserved(workload)) {
      throw transient(
        'Busy',
        `${target.name} has just been changed, and its controller has not seen that yet.`,
        shortly,
      );
    }
    const [newest] = await target.revisions(workload, signal);
    const { template } = workload.spec;
    return (
      newest && {
        version: imagesOf(template),
        restore: { revision: newest.name, template: digestOf(template) },
      }
    );
  }

  async function check(_target: DeployTarget, signal: AbortSignal): Promise<Access> {
    const missing = await target.missingRights(signal);
    if (missing.length > 0) throw notAllowed(missing);
    const workload = await target.read(signal);
    assertRolls(workload);
    containerOf(workload);
    const { progress } = rolloutOf(config.kind, workload, true);
    const kept =
      workload.spec.revisionHistoryLimit === 0
        ? ' It keeps no former revisions (revisionHistoryLimit is 0), so that a rollback will find nothing to go back to.'
        : '';
    return {
      summary: `${target.name} is there (${progress.replaceAll('\n', '; ')}), and all rights to change it and to take it back.${kept}`,
      live: await liveOf(workload, signal),
    };
  }

  const notAllowed = (missing: readonly string[]) =>
    permanent(
      'Forbidden',
      `Not allowed in namespace ${config.namespace}: ${missing.join(', ')} (apps). ${grant}`,
    );

  async function find(request: DeployRequest, signal: AbortSignal): Promise<Run | undefined> {
    const workload = await target.read(signal);
    const step = stepOf(request, stepsIn(workload)) ?? (await undone(request, workload, signal));
    return step && runOf(step);
  }

  /** `kubectl rollout undo` gives a Deployment the annotations it had; its revisions keep the rest. */
  async function undone(request: DeployRequest, workload: Workload, signal: AbortSignal) {
    const revisions = await target.revisions(workload, signal);
    const steps = revisions.flatMap(({ annotations }) => stepsIn({ metadata: { annotations } }));
    return stepOf(request, steps);
  }

  async function start(
    request: DeployRequest,
    signal: AbortSignal,
    before?: LiveVersion,
  ): Promise<Run> {
    for (let tries = 0; tries < mostConflicts; tries++) {
      const run = await tryStart(request, signal, before);
      if (run) return run;
    }
    throw transient(
      'Busy',
      `${target.name} is being changed so often that the ${request.action} of ${request.ref} found no moment between.`,
    );
  }

  /** Decides on the workload as it is now; undefined where it changed before the patch arrived. */
  async function tryStart(
    request: DeployRequest,
    signal: AbortSignal,
    before?: LiveVersion,
  ): Promise<Run | undefined> {
    const workload = await target.read(signal);
    const steps = stepsIn(workload);
    const begun = stepOf(request, steps);
    if (begun) return runOf(begun);
    assertRolls(workload);
    const step = stepFor(request, workload, before);
    if (request.action === 'rollback' && isBack(workload, before)) return runOf(step);
    const change =
      request.action === 'deploy'
        ? changeImage(request, workload, before)
        : await changeBack(request, workload, signal);
    return await carry(change, { ...step, template: digestOf(change.template) }, workload, signal);
  }

  const stepFor = (request: DeployRequest, workload: Workload, before?: LiveVersion): Step => {
    const deadline = deadlineExceeded(workload);
    return {
      key: request.idempotencyKey,
      at: deps.now().toISOString(),
      template: digestOf(workload.spec.template),
      ...(before && { before }),
      ...(deadline !== undefined && { deadline }),
    };
  };

  async function carry(
    { patch }: Change,
    step: Step,
    workload: Workload,
    signal: AbortSignal,
  ): Promise<Run | undefined> {
    const steps = stepsIn(workload);
    const { resourceVersion } = workload.metadata;
    const metadata = { resourceVersion, annotations: recordStep(step, steps) };
    const changed = await target.patch({ metadata, spec: { template: patch } }, signal);
    if (!changed) return undefined;
    const real = { ...step, template: digestOf(changed.spec.template) };
    if (real.template !== step.template) {
      // Admission made something else of it, which is what the record is to know.
      await target.patch({ metadata: { annotations: recordStep(real, steps) } }, signal);
    }
    return runOf(real);
  }

  function changeImage(request: DeployRequest, workload: Workload, before?: LiveVersion): Change {
    const { template } = workload.spec;
    const name = containerOf(workload);
    const image = imageOf(config.image, request.ref);
    if (!isImage(image)) {
      throw permanent(
        'Refused',
        `"${image}" is no image that can be pulled: the ref of the fix must be a tag or a digest, so that ${config.image} names one. Nothing was changed.`,
      );
    }
    if (before && restoreOf(before)?.template !== digestOf(template)) {
      throw transient('Busy', `${target.name} was changed just before the deploy.`, shortly);
    }
    const changed = withImage(template, name, image, request.idempotencyKey);
    const { annotations } = changed.metadata ?? {};
    const patch = { metadata: { annotations }, spec: { containers: [{ name, image }] } };
    return { template: changed, patch };
  }

  async function changeBack(
    request: DeployRequest,
    workload: Workload,
    signal: AbortSignal,
  ): Promise<Change> {
    const restore = request.before && restoreOf(request.before);
    if (!request.before || !restore) throw nothingKnown(request);
    assertUndoes(request, workload, request.before);
    const revisions = await target.revisions(workload, signal);
    const revision = revisions.find(({ name }) => name === restore.revision);
    if (!revision) throw nothingKept(request, request.before, restore.revision);
    return { template: revision.template, patch: { ...revision.template, $patch: 'replace' } };
  }

  const isBack = ({ spec }: Workload, before?: LiveVersion) =>
    before !== undefined && restoreOf(before)?.template === digestOf(spec.template);

  /** Only the template that the deploy put there is taken back, and nobody else's. */
  function assertUndoes(request: DeployRequest, workload: Workload, before: LiveVersion): void {
    if (request.undoes === undefined) return;
    const undone = stepsIn(workload).find(({ key }) => key === request.undoes);
    const { template } = workload.spec;
    if (undone?.template === digestOf(template)) return;
    throw permanent(
      'Refused',
      `Nothing was rolled back, because ${target.name} no longer has what the deploy of ${request.ref} put there: somebody else changed it, and live is now ${imagesOf(template)}. See who did (kubectl rollout history ${target.argument}); if ${before.version} is still wanted, bring it back by kubectl rollout undo.`,
    );
  }

  const nothingKnown = ({ ref, environment, service }: DeployRequest) =>
    permanent(
      'NothingToGoBackTo',
      `Nothing was rolled back, because it is not known what ${target.name} had before the deploy of ${ref}: choose a version for ${environment} of ${service} (kubectl rollout history ${target.argument}) and deploy it.`,
    );

  const nothingKept = ({ ref }: DeployRequest, { version }: LiveVersion, revision: string) =>
    permanent(
      'NothingToGoBackTo',
      `Nothing was rolled back, because the cluster no longer keeps the pod template that ${target.name} had before the deploy of ${ref} (${version}, kept as ${revision}): deploy ${version} anew, and raise its revisionHistoryLimit.`,
    );

  /** A workload that would take the change and do nothing about it. */
  function assertRolls({ spec }: Workload): void {
    if (spec.paused) {
      throw permanent(
        'Refused',
        `${target.name} is paused, so that no change of it is rolled out: kubectl rollout resume ${target.argument}.`,
      );
    }
    if (spec.updateStrategy?.type === 'OnDelete') {
      throw permanent(
        'Refused',
        `${target.name} has the update strategy OnDelete, so that no change of it is rolled out until somebody deletes its pods: set it to RollingUpdate.`,
      );
    }
  }

  /** The name of the container that gets the image. */
  function containerOf({ spec }: Workload): string {
    const names = spec.template.spec.containers.map(({ name }) => name);
    const [only, ...others] = names;
    if (config.container === undefined && only !== undefined && others.length === 0) return only;
    if (config.container === undefined) {
      throw permanent(
        'Refused',
        `${target.name} has several containers (${names.join(', ')}): say in the configuration which container gets the image.`,
      );
    }
    if (names.includes(config.container)) return config.container;
    throw permanent(
      'NotFound',
      `${target.name} has no container "${config.container}": it has ${names.join(', ')}.`,
    );
  }

  const runOf = ({ key, at, template, before, deadline }: Step): Run => ({
    id: key,
    startedAt: at,
    memory: { template, ...(deadline !== undefined && { deadline }) },
    ...(before && { before }),
  });

  const follow = createFollow(config, target, deps);
  return { name: 'kubernetes', live, check, find, start, follow };
}

const stepOf = ({ idempotencyKey }: DeployRequest, steps: readonly Step[]) =>
  steps.find(({ key }) => key === idempotencyKey);

const restoreOf = ({ restore }: LiveVersion) => restoreSchema.safeParse(restore).data;
