import type { Finding, Path } from '../problems.ts';
import { valueAt } from '../sentences.ts';
import { select } from './select.ts';

/** What says where an adapter deploys to; of the others only the deploy system knows. */
const targetKeys: Record<string, string[]> = {
  kubernetes: ['server', 'kubeconfig', 'context', 'namespace', 'kind', 'name'],
  argocd: ['url', 'appNamespace', 'application'],
  'github-deployment': ['apiUrl', 'repository', 'environment'],
};

/**
 * Deploys to one place wait for each other by the lock of their service and environment. Two of these
 * with one target would have two locks, and deploy at the same time.
 */
export function checkTargets(data: unknown): Finding[] {
  const firsts = new Map<string, Path>();
  return select(data, 'services.*.deploy.*').flatMap(({ path, value }) => {
    const target = targetOf(valueAt(value, ['deploy']), String(path.at(-1)));
    const first = target === null ? undefined : firsts.get(target);
    if (target !== null && !first) firsts.set(target, path);
    return first
      ? [
          {
            path: [...path, 'deploy'],
            sentence: `deploys to the same place as ${first.join('.')}, and their locks would not know of each other: give it a target of its own, or name it once.`,
          },
        ]
      : [];
  });
}

function targetOf(deploy: unknown, environment: string): string | null {
  const adapter = valueAt(deploy, ['adapter']);
  const keys = typeof adapter === 'string' ? targetKeys[adapter] : undefined;
  if (!keys) return null;
  const place = keys.map(
    // GitHub's environment is named like ours where the file says nothing else.
    (key) => valueAt(deploy, [key]) ?? (key === 'environment' ? environment : ''),
  );
  return JSON.stringify([adapter, ...place]);
}
