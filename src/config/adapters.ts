import type { Logger } from 'pino';
import { createCommandDeploy } from '../activities/deploy/command.ts';
import { createHttpDeploy } from '../activities/deploy/http.ts';
import { createManualDeploy } from '../activities/deploy/manual.ts';
import type { DeployAction, DeployAdapter } from '../activities/deploy/types.ts';
import type { AdapterDeps } from '../activities/deps.ts';
import type { ActivityDeps, ServiceAdapters } from '../activities/index.ts';
import { createHttpProbe } from '../activities/monitoring/http.ts';
import { createPrometheusMeasure } from '../activities/monitoring/prometheus.ts';
import type { Measure } from '../activities/monitoring/types.ts';
import { createLogChannel } from '../activities/notify/log.ts';
import type { NotificationChannel } from '../activities/notify/types.ts';
import { createWebhookChannel } from '../activities/notify/webhook.ts';
import { createIncidentTracker } from '../activities/tracker/incident.ts';
import type { Environment } from '../process/outcomes.ts';
import type {
  ChannelConfig,
  Config,
  DeployConfig,
  MeasureConfig,
  ServiceConfig,
} from './schema.ts';

export interface CompositionDeps extends AdapterDeps {
  logger: Logger;
}

/**
 * Makes every adapter that the configuration names, once. Throws a sentence where `deps.secret`
 * does, so that what is missing is missed at start.
 */
export function adaptersFor(
  config: Config,
  deps: CompositionDeps,
): Pick<ActivityDeps, 'services' | 'channels' | 'tracker'> {
  const services = new Map(
    Object.entries(config.services).map(([name, service]) => [name, connect(service, deps)]),
  );
  const others = connect(undefined, deps);
  return {
    services: (service) => services.get(service) ?? others,
    channels: config.notifications.map((channel) => createChannel(channel, deps)),
    tracker: createIncidentTracker(config.tracker),
  };
}

const byHand: DeployConfig = { adapter: 'manual' };

/** A service that is connected to nothing is deployed by hand and not measured. */
function connect(service: ServiceConfig | undefined, deps: CompositionDeps): ServiceAdapters {
  const { deploy, monitoring } = service ?? {};
  const both = (action: DeployAction) => {
    const production = createDeploy(deploy?.production[action] ?? byHand, deps);
    const staging = deploy?.staging && createDeploy(deploy.staging[action] ?? byHand, deps);
    return staging ? byEnvironment({ staging, production }) : production;
  };
  return {
    deploy: both('deploy'),
    rollback: both('rollback'),
    monitoring: {
      window: monitoring?.window ?? 0,
      measures: (monitoring?.measures ?? []).map((measure) => createMeasure(measure, deps)),
    },
  };
}

/** One adapter in front of an environment's own. */
function byEnvironment(adapters: Record<Environment, DeployAdapter>): DeployAdapter {
  const { staging, production } = adapters;
  return {
    name: staging.name === production.name ? staging.name : `${staging.name}/${production.name}`,
    find: (request, signal) => adapters[request.environment].find(request, signal),
    start: (request, signal) => adapters[request.environment].start(request, signal),
    follow: (run, request, following) =>
      adapters[request.environment].follow(run, request, following),
  };
}

function createDeploy(config: DeployConfig, deps: CompositionDeps): DeployAdapter {
  switch (config.adapter) {
    case 'command':
      return createCommandDeploy(config, deps);
    case 'http':
      return createHttpDeploy(config, deps);
    case 'manual':
      return createManualDeploy(config, deps);
  }
}

function createMeasure(config: MeasureConfig, deps: CompositionDeps): Measure {
  switch (config.adapter) {
    case 'http':
      return createHttpProbe(config);
    case 'prometheus':
      return createPrometheusMeasure(config, deps);
  }
}

function createChannel(config: ChannelConfig, deps: CompositionDeps): NotificationChannel {
  switch (config.adapter) {
    case 'log':
      return createLogChannel(config, deps);
    case 'webhook':
      return createWebhookChannel(config, deps);
  }
}
