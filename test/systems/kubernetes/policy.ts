import type { KubernetesControlPlane } from '../../support/kubernetes/control-plane.ts';
import { withdrawn } from './system.ts';

const api = '/apis/admissionregistration.k8s.io/v1';

/** Has the API server itself refuse one tag, as a cluster's own rules would. */
export async function forbidWithdrawn(plane: KubernetesControlPlane): Promise<void> {
  await plane.create(`${api}/validatingadmissionpolicies`, {
    metadata: { name: 'withdrawn' },
    spec: {
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ['apps'],
            apiVersions: ['v1'],
            operations: ['UPDATE'],
            resources: ['deployments'],
          },
        ],
      },
      validations: [
        {
          expression: `object.spec.template.spec.containers.all(c, !c.image.endsWith(':${withdrawn}'))`,
          message: `${withdrawn} was withdrawn`,
          reason: 'Forbidden',
        },
      ],
    },
  });
  await plane.create(`${api}/validatingadmissionpolicybindings`, {
    metadata: { name: 'withdrawn' },
    spec: { policyName: 'withdrawn', validationActions: ['Deny'] },
  });
}
