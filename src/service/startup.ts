import type { Logger } from 'pino';
import { systemClock } from '../activities/clock.ts';
import { createActivities } from '../activities/index.ts';
import type { HotfixActivities } from '../activities/types.ts';
import type { SlackApps } from '../api/directory.ts';
import { adaptersFor } from '../config/adapters.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createSlackApps } from '../config/slack.ts';
import { createLinks, type Links } from '../links/links.ts';
import { workflowIdOf } from '../process/contract.ts';
import { readSettings, type Settings } from '../settings.ts';
import { namedServer } from '../temporal/connection.ts';
import { createLogger } from './logger.ts';

/** What every process of the service begins with. */
export interface Startup {
  settings: Settings;
  config: Config;
  logger: Logger;
}

/**
 * Reads settings and configuration.
 * @throws SettingsError or ConfigError, each with everything that is wrong.
 */
export async function startUp(env: NodeJS.ProcessEnv = process.env): Promise<Startup> {
  const settings = readSettings(env);
  return {
    settings,
    config: await loadConfig(settings.configFile, env),
    logger: createLogger(settings.logLevel),
  };
}

/** Everything that the configuration connects. */
export function adaptersOf({ settings, config, logger }: Startup) {
  const { env } = process;
  return adaptersFor(config, {
    ...systemClock,
    secret: (name: string) => secretOf(env, name),
    environment: env,
    dataDirectory: settings.dataDirectory,
    pageOf: pageBy(settings),
    logger,
  });
}

/** The history in the Temporal UI, where it has an address that others can open. */
function pageBy({ temporalUiUrl }: Settings): (incidentId: string) => string | undefined {
  const namespace = namedServer()?.namespace ?? 'default';
  return (id) =>
    temporalUiUrl && `${temporalUiUrl}/namespaces/${namespace}/workflows/${workflowIdOf(id)}`;
}

/** The activities of a worker that is `leaving` at its end, connected as the configuration says. */
export const activitiesOf = (startup: Startup, leaving: AbortSignal): HotfixActivities =>
  createActivities({
    ...adaptersOf(startup),
    logger: startup.logger,
    now: systemClock.now,
    leaving,
  });

/** The apps of Slack that may send what people press. */
export const slackAppsOf = ({ config }: Startup): SlackApps | undefined =>
  createSlackApps(config, (name) => secretOf(process.env, name));
/** The links of messages, where the configuration has any. */
export const linksOf = ({ config: { links } }: Startup): Links | undefined =>
  links &&
  createLinks(links, { secret: (name) => secretOf(process.env, name), now: systemClock.now });

/** Without the line break that a mounted secret may end in. @throws a sentence where it is not set. */
export function secretOf(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name]?.trim();
  if (value) return value;
  throw new Error(`The environment variable ${name}, which hotfix.yaml names, is not set.`);
}
