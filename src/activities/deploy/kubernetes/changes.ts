import { z } from 'zod';
import type { LiveVersion } from '../../../process/outcomes.ts';
import { permanent, transient } from '../../failures.ts';
import type { DeployRequest } from '../types.ts';
import type { KubernetesConfig } from './config.ts';
import { imageOf, isImage } from './image.ts';
import type { Template, Workload } from './objects.ts';
import type { Revision } from './revisions.ts';
import { partitionOf } from './rollout.ts';
import { stepsIn } from './steps.ts';
import type { Target } from './target.ts';
import { digestOf, imagesOf, withImage } from './template.ts';

/** What a step does to a workload: the pod template it gets, and the strategic merge to it. */
export interface Change {
  template: Template;
  patch: object;
}

const restoreSchema = z.object({
  /** The ReplicaSet or ControllerRevision that keeps the template. */
  revision: z.string(),
  /** The digest of the template. */
  template: z.string(),
});

/** How soon a workload is worth another look that has just been changed, in milliseconds. */
export const shortly = 1_000;

export const liveVersion = ({ spec }: Workload, revision: string): LiveVersion => ({
  version: imagesOf(spec.template),
  restore: { revision, template: digestOf(spec.template) } satisfies z.infer<typeof restoreSchema>,
});

const restoreOf = ({ restore }: LiveVersion) => restoreSchema.safeParse(restore).data;

/** Whether what was live then has the very pod template that the workload has now. */
export const isLive = (version: LiveVersion, { spec }: Workload): boolean =>
  restoreOf(version)?.template === digestOf(spec.template);

/** Decides what a step does to the workload as it was read, or why it does nothing: it is pure. */
export function createChanges(
  config: KubernetesConfig,
  { name: target, argument }: Pick<Target, 'name' | 'argument'>,
) {
  /** Throws for a workload that would take a change and do nothing about it. */
  function assertRolls(workload: Workload): void {
    const { spec } = workload;
    if (spec.paused) {
      throw permanent(
        'Refused',
        `${target} is paused, so that no change of it is rolled out: kubectl rollout resume ${argument}.`,
      );
    }
    if (spec.updateStrategy?.type === 'OnDelete') {
      throw permanent(
        'Refused',
        `${target} has the update strategy OnDelete, so that no change of it is rolled out until somebody deletes its pods: set it to RollingUpdate.`,
      );
    }
    assertReaches(workload);
  }

  /** Throws where the partition of a StatefulSet leaves no pod for the change. */
  function assertReaches(workload: Workload): void {
    const partition = partitionOf(workload);
    const { replicas } = workload.spec;
    if (partition === 0 || partition < replicas) return;
    throw permanent(
      'Refused',
      `${target} has the partition ${partition} and ${replicas} replicas, so that no change of it reaches a pod: set spec.updateStrategy.rollingUpdate.partition to 0.`,
    );
  }

  /** The name of the container that gets the image. */
  function containerOf({ spec }: Workload): string {
    const names = spec.template.spec.containers.map(({ name }) => name);
    const named = config.container ?? (names.length === 1 ? names[0] : undefined);
    if (named === undefined) {
      throw permanent(
        'Refused',
        `${target} has several containers (${names.join(', ')}): say in the configuration by container which one gets the image.`,
      );
    }
    if (names.includes(named)) return named;
    throw permanent(
      'NotFound',
      `${target} has no container "${named}": it has ${names.join(', ')}.`,
    );
  }

  /** Of a deploy. `before` is what was live when it was asked, which has to be so still. */
  function toImage(request: DeployRequest, workload: Workload, before?: LiveVersion): Change {
    assertRolls(workload);
    const name = containerOf(workload);
    const image = imageOf(config.image, request.ref);
    if (!isImage(image)) {
      throw permanent(
        'Refused',
        `"${image}" is no image that can be pulled: the ref of a fix must be a tag or a digest, so that ${config.image} names one. Nothing was changed.`,
      );
    }
    if (before && !isLive(before, workload)) {
      throw transient('Busy', `${target} was changed just before the deploy.`, shortly);
    }
    const template = withImage(workload.spec.template, name, image, request.idempotencyKey);
    const annotations = template.metadata?.annotations;
    return {
      template,
      patch: { metadata: { annotations }, spec: { containers: [{ name, image }] } },
    };
  }

  /** Of a rollback, to one of the revisions that the cluster keeps. */
  function toFormer(
    request: DeployRequest,
    workload: Workload,
    revisions: readonly Revision[],
  ): Change {
    assertRolls(workload);
    const { before } = request;
    const restore = before && restoreOf(before);
    if (!before || !restore) throw nothingKnown(request);
    assertUndoes(request, workload, before);
    const revision = revisions.find(({ name }) => name === restore.revision);
    if (!revision) throw nothingKept(request, before, restore.revision);
    const { template } = revision;
    return { template, patch: { ...template, $patch: 'replace' } };
  }

  /** Only what the deploy put there is taken back, and nobody else's change. */
  function assertUndoes(request: DeployRequest, workload: Workload, before: LiveVersion): void {
    if (request.undoes === undefined) return;
    const undone = stepsIn(workload.metadata).find(({ key }) => key === request.undoes);
    const { template } = workload.spec;
    if (undone?.template === digestOf(template)) return;
    throw permanent(
      'Refused',
      `Nothing was rolled back, because ${target} no longer has what the deploy of ${request.ref} put there: somebody else changed it, and live is now ${imagesOf(template)}. See who did (kubectl rollout history ${argument}); if ${before.version} is still wanted, bring it back by kubectl rollout undo.`,
    );
  }

  const nothingKnown = ({ ref, environment, service }: DeployRequest) =>
    permanent(
      'NothingToGoBackTo',
      `Nothing was rolled back, because it is not known what ${target} had before the deploy of ${ref}: choose a version for ${environment} of ${service} (kubectl rollout history ${argument}) and deploy it.`,
    );

  const nothingKept = ({ ref }: DeployRequest, { version }: LiveVersion, revision: string) =>
    permanent(
      'NothingToGoBackTo',
      `Nothing was rolled back, because the cluster no longer keeps the pod template that ${target} had before the deploy of ${ref} (${version}, kept as ${revision}): deploy ${version} anew, and raise its revisionHistoryLimit.`,
    );

  return { assertRolls, containerOf, toImage, toFormer };
}
