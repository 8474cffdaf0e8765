import { afterAll, beforeAll } from 'vitest';
import { deployContract } from '../../activities/deploy/contract.ts';
import { KubernetesControlPlane } from '../../support/kubernetes/control-plane.ts';
import { forbidWithdrawn } from './policy.ts';
import { openSystem } from './system.ts';

let plane: KubernetesControlPlane;
beforeAll(async () => {
  plane = await KubernetesControlPlane.start();
  await forbidWithdrawn(plane);
});
afterAll(() => plane.stop());

deployContract({
  adapter: 'kubernetes',
  make: () => openSystem(plane),
  lacks: {
    forget: 'a workload that is there has a pod template, which is live',
    stopped: 'a rollout goes on by itself',
  },
});
