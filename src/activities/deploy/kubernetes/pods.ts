import { cut } from '../../../process/cut.ts';
import type { Pod } from './objects.ts';

const mostTold = 3;

/** Why pods are not ready, a line each for the first three, as `shop-5d4f: ImagePullBackOff (…)`. */
export function whyWaiting(pods: readonly Pod[]): string[] {
  const waiting = pods.filter((pod) => !isReady(pod));
  const lines = waiting.slice(0, mostTold).map((pod) => `${pod.metadata.name}: ${reasonOf(pod)}`);
  const rest = waiting.length - mostTold;
  return rest > 0 ? [...lines, `and ${rest} more not ready`] : lines;
}

const isReady = ({ status }: Pod) =>
  status.conditions.some(({ type, status: holds }) => type === 'Ready' && holds === 'True');

function reasonOf({ status }: Pod): string {
  const container = [...status.initContainerStatuses, ...status.containerStatuses].find(
    ({ state }) => state.waiting,
  );
  if (container?.state.waiting) return spell(container.state.waiting);
  const unscheduled = status.conditions.find(
    ({ type, status: holds }) => type === 'PodScheduled' && holds === 'False',
  );
  return unscheduled ? spell(unscheduled) : status.phase;
}

const longestMessage = 200;

function spell({ reason, message }: { reason: string; message: string }): string {
  const why = reason || 'waiting';
  if (!message) return why;
  return `${why} (${cut(message, longestMessage)})`;
}
