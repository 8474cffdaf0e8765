import type { DeployConfig, EnvironmentConfig } from './schema.ts';

/** The adapters that know what was live before a deploy and bring it back themselves. */
const goBack: ReadonlySet<DeployConfig['adapter']> = new Set([
  'github-deployment',
  'github-workflow',
]);

/** How a deploy of the environment is taken back; undefined where people do it by hand. */
export function rollbackOf(environment: EnvironmentConfig | undefined): DeployConfig | undefined {
  if (!environment) return undefined;
  const { deploy, rollback } = environment;
  if (rollback) return rollback.adapter === 'manual' ? undefined : rollback;
  return goBack.has(deploy.adapter) ? deploy : undefined;
}
