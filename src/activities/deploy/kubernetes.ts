import type { LiveVersion } from '../../process/outcomes.ts';
import type { AdapterDeps } from '../deps.ts';
import { permanent, transient } from '../failures.ts';
import { accessTo } from './kubernetes/access.ts';
import { type Change, createChanges, isLive, liveVersion, shortly } from './kubernetes/changes.ts';
import { createClient } from './kubernetes/client.ts';
import type { KubernetesConfig } from './kubernetes/config.ts';
import { createFollow } from './kubernetes/following.ts';
import type { Workload } from './kubernetes/objects.ts';
import { grant } from './kubernetes/refusals.ts';
import { deadlineExceeded, isObserved, rolloutOf } from './kubernetes/rollout.ts';
import { recordStep, type Step, stepsIn } from './kubernetes/steps.ts';
import { createTarget } from './kubernetes/target.ts';
import { digestOf } from './kubernetes/template.ts';
import type { Access, DeployAdapter, DeployRequest, DeployTarget, Run } from './types.ts';

const mostConflicts = 8;

/**
 * Gives a workload a new image, and takes it back to the very pod template that it had. Which steps
 * changed it, its own annotation says: it is written by the same patch, which names the
 * resourceVersion it was decided on, so that of all workers and retries one changes it once.
 */
export function createKubernetesDeploy(config: KubernetesConfig, deps: AdapterDeps): DeployAdapter {
  const target = createTarget(config, createClient(accessTo(config, deps), config.requestTimeout));
  const changes = createChanges(config, target);

  const live = async (_request: DeployRequest, signal: AbortSignal) =>
    await liveOf(await target.read(signal), signal);

  /** The current template, once the controller keeps it as a revision. */
  async function liveOf(workload: Workload, signal: AbortSignal): Promise<LiveVersion | undefined> {
    if (!isObserved(workload)) {
      throw transient(
        'Busy',
        `${target.name} has just been changed, and its controller has not seen that yet.`,
        shortly,
      );
    }
    const [newest] = await target.revisions(workload, signal);
    return newest && liveVersion(workload, newest.name);
  }

  async function check(_target: DeployTarget, signal: AbortSignal): Promise<Access> {
    const missing = await target.missingRights(signal);
    if (missing.length > 0) throw notAllowed(missing);
    const workload = await target.read(signal);
    changes.assertRolls(workload);
    changes.containerOf(workload);
    return { summary: found(workload), live: await liveOf(workload, signal) };
  }

  const notAllowed = (missing: readonly string[]) =>
    permanent(
      'Forbidden',
      `Not allowed in namespace ${config.namespace}: ${missing.join(', ')} (apps). ${grant}`,
    );

  function found(workload: Workload): string {
    const state = rolloutOf(config.kind, workload, true).lines.join('; ');
    const warning =
      workload.spec.revisionHistoryLimit === 0
        ? ' It keeps no former revision (revisionHistoryLimit is 0), so that a rollback will find nothing to go back to.'
        : '';
    return `${target.name} is there (${state}), and so are all rights to change it and to take it back.${warning}`;
  }

  async function find(request: DeployRequest, signal: AbortSignal): Promise<Run | undefined> {
    const workload = await target.read(signal);
    const step =
      stepOf(request, stepsIn(workload.metadata)) ?? (await undone(request, workload, signal));
    return step && runOf(step);
  }

  /** `kubectl rollout undo` brings a Deployment's former annotations back; the revisions have ours. */
  async function undone(request: DeployRequest, workload: Workload, signal: AbortSignal) {
    const revisions = await target.revisions(workload, signal);
    return stepOf(request, revisions.flatMap(stepsIn));
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
      shortly,
    );
  }

  /** Decides on the workload as it is now; undefined where it changed before the patch arrived. */
  async function tryStart(
    request: DeployRequest,
    signal: AbortSignal,
    before?: LiveVersion,
  ): Promise<Run | undefined> {
    const workload = await target.read(signal);
    const begun = stepOf(request, stepsIn(workload.metadata));
    if (begun) return runOf(begun);
    if (request.action === 'deploy') {
      const change = changes.toImage(request, workload, before);
      return await carry(change, stepFor(request, workload, change, before), workload, signal);
    }
    if (before && isLive(before, workload))
      return runOf(stepFor(request, workload, workload.spec, before));
    const revisions = await target.revisions(workload, signal);
    const change = changes.toFormer(request, workload, revisions);
    return await carry(change, stepFor(request, workload, change, before), workload, signal);
  }

  function stepFor(
    request: DeployRequest,
    workload: Workload,
    { template }: Pick<Change, 'template'>,
    before?: LiveVersion,
  ): Step {
    const deadline = deadlineExceeded(workload);
    return {
      key: request.idempotencyKey,
      at: deps.now().toISOString(),
      template: digestOf(template),
      ...(before && { before }),
      ...(deadline !== undefined && { deadline }),
    };
  }

  async function carry(
    { patch: template }: Change,
    step: Step,
    { metadata }: Workload,
    signal: AbortSignal,
  ): Promise<Run | undefined> {
    const { resourceVersion } = metadata;
    const annotations = recordStep(step, stepsIn(metadata));
    const body = { metadata: { resourceVersion, annotations }, spec: { template } };
    const changed = await target.patch(body, signal);
    if (!changed) return undefined;
    const real = { ...step, template: digestOf(changed.spec.template) };
    if (real.template !== step.template) {
      // Admission made something else of it, which is what the record is to know.
      await target.patch(
        { metadata: { annotations: recordStep(real, stepsIn(metadata)) } },
        signal,
      );
    }
    return runOf(real);
  }

  const follow = createFollow(config, target, deps);
  return { name: 'kubernetes', live, check, find, start, follow };
}

const stepOf = ({ idempotencyKey }: DeployRequest, steps: readonly Step[]) =>
  steps.find(({ key }) => key === idempotencyKey);

const runOf = ({ key, at, template, before, deadline }: Step): Run => ({
  id: key,
  startedAt: at,
  memory: { template, ...(deadline !== undefined && { deadline }) },
  ...(before && { before }),
});
