import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { KubernetesControlPlane } from '../../support/kubernetes/control-plane.ts';

interface Rule {
  resources: string[];
  verbs: string[];
}

interface Manifest {
  apiVersion: string;
  kind: 'ServiceAccount' | 'Role' | 'RoleBinding';
  metadata: { name: string };
  rules?: Rule[];
}

const paths = {
  ServiceAccount: '/api/v1/namespaces/NAMESPACE/serviceaccounts',
  Role: '/apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/roles',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/rolebindings',
};

/** The rights that the documentation asks for, as they stand there. */
function documented(): string {
  const page = readFileSync('docs/configuration.md', 'utf8');
  const [, text] = /```yaml kubernetes\n([\s\S]*?)```/.exec(page) ?? [];
  if (!text) throw new Error('the documentation has no manifest of the rights');
  return text;
}

export interface Rights {
  /** For its namespace `production`, and in its words for the resources of Deployments. */
  namespace?: string;
  kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  /** A right that is left out. */
  without?: { verb: string; resource: string };
}

/** Grants them, and resolves with the token of the service account that has them. */
export async function grantDocumented(
  plane: KubernetesControlPlane,
  { namespace = 'production', kind = 'Deployment', without }: Rights = {},
): Promise<string> {
  const text = documented().replaceAll('namespace: production', `namespace: ${namespace}`);
  for (const document of parseAllDocuments(forKind(text, kind))) {
    const manifest = document.toJS() as Manifest;
    const path = paths[manifest.kind].replace('NAMESPACE', namespace);
    await plane.create(path, without ? withoutRight(manifest, without) : manifest);
  }
  return await plane.tokenOf(namespace, 'hotfix');
}

/** As the documentation says that it is written for the other kinds. */
const forKind = (text: string, kind: string) =>
  kind === 'Deployment'
    ? text
    : text
        .replaceAll('deployments', `${kind.toLowerCase()}s`)
        .replaceAll('replicasets', 'controllerrevisions');

const withoutRight = (
  manifest: Manifest,
  { verb, resource }: { verb: string; resource: string },
) =>
  manifest.rules
    ? {
        ...manifest,
        rules: manifest.rules
          .map((rule) =>
            rule.resources.includes(resource)
              ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) }
              : rule,
          )
          .filter(({ verbs }) => verbs.length > 0),
      }
    : manifest;
