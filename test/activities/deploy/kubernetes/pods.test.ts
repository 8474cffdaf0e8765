import { expect, test } from 'vitest';
import { podsSchema } from '../../../../src/activities/deploy/kubernetes/objects.ts';
import { whyWaiting } from '../../../../src/activities/deploy/kubernetes/pods.ts';

const pods = (...statuses: object[]) =>
  podsSchema.parse({
    items: statuses.map((status, index) => ({ metadata: { name: `shop-${index}` }, status })),
  }).items;

const waiting = (reason: string, message?: string) => ({
  name: 'shop',
  state: { waiting: { reason, ...(message && { message }) } },
});

test('a reason for each pod that is not ready', () => {
  const ready = { conditions: [{ type: 'Ready', status: 'True' }], phase: 'Running' };
  const pulling = {
    containerStatuses: [waiting('ImagePullBackOff', 'Back-off pulling image "x"')],
  };
  const starting = {
    initContainerStatuses: [waiting('CrashLoopBackOff')],
    containerStatuses: [waiting('PodInitializing')],
  };
  expect(whyWaiting(pods(ready, pulling, starting))).toEqual([
    'shop-1: ImagePullBackOff (Back-off pulling image "x")',
    'shop-2: CrashLoopBackOff',
  ]);
});

test('no node takes it, and no reason at all', () => {
  const unscheduled = {
    conditions: [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' },
    ],
  };
  expect(whyWaiting(pods(unscheduled, {}))).toEqual([
    'shop-0: Unschedulable (0/3 nodes)',
    'shop-1: Pending',
  ]);
});

test('a long message is cut', () => {
  const [line = ''] = whyWaiting(
    pods({ containerStatuses: [waiting('ErrImagePull', 'x'.repeat(5_000))] }),
  );
  expect(line.length).toBeLessThan(250);
  expect(line).toMatch(/x…\)$/);
});

test('three are named, and the others counted', () => {
  expect(whyWaiting(pods({}, {}, {}, {}, {}))).toEqual([
    'shop-0: Pending',
    'shop-1: Pending',
    'shop-2: Pending',
    'and 2 more not ready',
  ]);
});
