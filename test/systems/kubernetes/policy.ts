import { until } from '../../activities/deploy/contract/bench.ts';
import type { KubernetesControlPlane } from '../../support/kubernetes/control-plane.ts';
import { withdrawn } from './system.ts';

const api = '/apis/admissionregistration.k8s.io/v1';

const ofWorkloads = { operations: ['UPDATE'], apiGroups: ['apps'], resources: ['deployments'] };
const ofPods = { operations: ['CREATE'], apiGroups: [''], resources: ['pods'] };

const within = (namespace: string) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
});

async function forbid(
  plane: KubernetesControlPlane,
  name: string,
  { constraints, validation }: { constraints: object; validation: object },
): Promise<void> {
  await plane.create(`${api}/validatingadmissionpolicies`, {
    metadata: { name },
    spec: {
      matchConstraints: constraints,
      validations: [{ reason: 'Forbidden', ...validation }],
    },
  });
  await plane.create(`${api}/validatingadmissionpolicybindings`, {
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'] },
  });
}

/** Has the API server itself refuse one tag, as a cluster's own rules would. */
export const forbidWithdrawn = (plane: KubernetesControlPlane): Promise<void> =>
  forbid(plane, 'withdrawn', {
    constraints: { resourceRules: [{ ...ofWorkloads, apiVersions: ['v1'] }] },
    validation: {
      expression: `object.spec.template.spec.containers.all(c, !c.image.endsWith(':${withdrawn}'))`,
      message: `${withdrawn} was withdrawn`,
    },
  });

/** Has the API server refuse every pod of a namespace, until what it resolves with is called. */
export async function forbidPods(
  plane: KubernetesControlPlane,
  namespace: string,
): Promise<() => Promise<void>> {
  const name = `pods-${namespace}`;
  const pods = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
  const pod = { metadata: { name: 'any' }, spec: { containers: [{ name: 'a', image: 'a' }] } };
  // A policy holds, and ends, once the server has noticed it.
  const answers = (status: number) =>
    until(async () => (await plane.request('POST', pods, pod)).status === status);
  const constraints = { ...within(namespace), resourceRules: [{ ...ofPods, apiVersions: ['v1'] }] };
  await forbid(plane, name, {
    constraints,
    validation: { expression: 'false', message: 'no more pods' },
  });
  await answers(403);
  return async () => {
    await plane.remove(`${api}/validatingadmissionpolicybindings/${name}`);
    await answers(201);
  };
}

/** Has the API server write each image into an annotation of the pods, as mutating webhooks do. */
export async function mutateImages(
  plane: KubernetesControlPlane,
  namespace: string,
): Promise<void> {
  await plane.create(`${api}/mutatingadmissionpolicies`, {
    metadata: { name: 'images' },
    spec: {
      reinvocationPolicy: 'Never',
      matchConstraints: {
        ...within(namespace),
        resourceRules: [{ ...ofWorkloads, apiVersions: ['v1'] }],
      },
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: {
            expression: `Object{spec: Object.spec{template: Object.spec.template{metadata: Object.spec.template.metadata{
              annotations: {'mutated': object.spec.template.spec.containers[0].image}}}}}`,
          },
        },
      ],
    },
  });
  await plane.create(`${api}/mutatingadmissionpolicybindings`, {
    metadata: { name: 'images' },
    spec: { policyName: 'images' },
  });
}
