import { ApplicationFailure } from '@temporalio/common';
import { spell } from '../../../process/duration.ts';
import type { AdapterDeps } from '../../deps.ts';
import type { DeployRequest, Finished, Following, Run } from '../types.ts';
import { type Look, untilFinished } from '../until-finished.ts';
import type { KubernetesConfig } from './config.ts';
import type { Workload } from './objects.ts';
import { whyWaiting } from './pods.ts';
import { deadlineExceeded, partitionOf, type Rollout, rolloutOf } from './rollout.ts';
import type { Target } from './target.ts';
import { digestOf, imagesOf } from './template.ts';

/** Waits for the end of a rollout that `run` has begun, as `DeployAdapter.follow`. */
export function createFollow(config: KubernetesConfig, target: Target, deps: AdapterDeps) {
  const { kind } = config;

  async function follow(run: Run, request: DeployRequest, following: Following): Promise<Finished> {
    const { interval, timeout } = config;
    const { elapsed } = following;
    const look = (signal: AbortSignal) => lookAt(run, request, elapsed(), signal);
    const stop = () => ({
      isOver: false,
      said: `a rollout goes on until another takes its place; to take it back, kubectl rollout undo ${target.argument}.`,
    });
    const polling = { request, look, whom: target.name, place, interval, timeout, stop };
    return untilFinished(polling, following, deps);
  }

  const place = `kubectl rollout status ${target.argument}${
    kind === 'StatefulSet'
      ? ' (a StatefulSet waits for a broken pod to become ready before it replaces it: delete that pod to let it go on)'
      : ''
  }`;

  async function lookAt(
    run: Run,
    request: DeployRequest,
    elapsed: number,
    signal: AbortSignal,
  ): Promise<Look> {
    const workload = await target.read(signal);
    if (digestOf(workload.spec.template) !== run.memory?.template) {
      return over('failed', superseded(workload, request));
    }
    const rollout = rolloutOf(kind, workload, isStale(workload, run, elapsed));
    if (rollout.state === 'done') return over('succeeded', succeeded(workload, rollout, elapsed));
    const lines = [...rollout.lines, ...(await why(workload, signal))];
    if (rollout.state === 'going') return { progress: lines.join('\n') };
    return over('failed', stuck(lines, request), lines.join('\n'));
  }

  /**
   * A template that comes back may find the exceeded deadline of the one it takes the place of, even
   * once it is observed: the controller leaves the condition until there is progress. It is this
   * rollout's own when it has changed, or has stood for as long as the deadline lasts.
   */
  function isStale({ status, spec }: Workload, run: Run, elapsed: number): boolean {
    const exceeded = deadlineExceeded({ status });
    if (exceeded === undefined || exceeded !== run.memory?.deadline) return false;
    const lasts = (spec.progressDeadlineSeconds ?? 0) * 1000;
    return elapsed <= lasts;
  }

  /** Why pods are not ready, where they may be listed. */
  async function why(workload: Workload, signal: AbortSignal): Promise<string[]> {
    try {
      return whyWaiting(await target.pods(workload, signal));
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      return [];
    }
  }

  const over = (outcome: Finished['outcome'], summary: string, output = ''): Look => ({
    finished: { outcome, summary, output, finishedAt: deps.now().toISOString() },
    progress: output,
  });

  function succeeded(workload: Workload, { lines }: Rollout, elapsed: number): string {
    const took = spell(elapsed);
    const held = kind === 'StatefulSet' ? partitionOf(workload) : 0;
    const rest =
      held > 0
        ? ` Its partition holds back the first ${held}, which keep what they had: set it to 0 to reach them.`
        : '';
    return `${target.name} runs ${imagesOf(workload.spec.template)} after ${took}: ${lines.join('; ')}.${rest}`;
  }

  const superseded = ({ spec }: Workload, { action, ref }: DeployRequest) =>
    `Somebody else changed ${target.name} during the ${action} of ${ref}: its pod template is now another one, with ${imagesOf(spec.template)}. See who did (kubectl rollout history ${target.argument}), and agree before the next attempt.`;

  const stuck = (lines: readonly string[], { action, ref }: DeployRequest) =>
    `The ${action} of ${ref} exceeded the progress deadline of ${target.name} (ProgressDeadlineExceeded): ${lines.join('; ')}. Pods of both templates may be there until it is rolled back or mended.`;

  return follow;
}
