import type { Logger } from 'pino';
import { createCommandDeploy } from '../activities/deploy/command.ts';
import { createHttpDeploy } from '../activities/deploy/http.ts';
import { createManualDeploy } from '../activities/deploy/manual.ts';
import type { DeployAdapter } from '../activities/deploy/types.ts';
import type { ActivityDeps, ServiceAdapters } from '../activities/index.ts';
import { createHttpProbe } from '../activities/monitoring/http.ts';
import { createPrometheusMeasure } from '../activities/monitoring/prometheus.ts';
import type { Measure, Monitoring } from '../activities/monitoring/types.ts';
import { createEmailChannel } from '../activities/notify/email/channel.ts';
import { createLogChannel } from '../activities/notify/log.ts';
import { createPagerDutyChannel } from '../activities/notify/pagerduty.ts';
import { createSlackChannel } from '../activities/notify/slack/channel.ts';
import { createTeamsChannel } from '../activities/notify/teams/channel.ts';
import type { ChannelDeps, NotificationChannel, Recipient } from '../activities/notify/types.ts';
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

export interface CompositionDeps extends ChannelDeps {
  logger: Logger;
}

/**
 * Makes every adapter that the configuration names, once. Throws a sentence where `deps.secret`
 * does, so that what is missing is missed at start.
 */
export function adaptersFor(
  config: Config,
  deps: CompositionDeps,
): Pick<ActivityDeps, 'services' | 'channels' | 'recipientOf' | 'tracker'> {
  const known = new Map(
    Object.entries(config.services).map(([name, service]) => [name, connect(service, deps)]),
  );
  const others = connect(undefined, deps);
  return {
    services: (service, environment) => (known.get(service) ?? others)[environment],
    channels: config.notifications.map((channel) => createChannel(channel, deps)),
    recipientOf: (name) => recipientOf(config, name),
    tracker: createIncidentTracker(config.tracker),
  };
}

function recipientOf({ people }: Config, name: string): Recipient {
  const person = Object.hasOwn(people, name) ? people[name] : undefined;
  return { id: name, name: person?.name ?? name, contacts: person?.contacts ?? {} };
}

/** A service that is connected to nothing is deployed by hand and not measured. */
function connect(
  service: ServiceConfig | undefined,
  deps: CompositionDeps,
): Record<Environment, ServiceAdapters> {
  const monitoring: Monitoring = {
    window: service?.monitoring?.window ?? 0,
    measures: (service?.monitoring?.measures ?? []).map((measure) => createMeasure(measure, deps)),
  };
  const at = (environment: Environment): ServiceAdapters => {
    const { deploy = byHand, rollback = byHand } = service?.deploy?.[environment] ?? {};
    return {
      deploy: createDeploy(deploy, deps),
      rollback: createDeploy(rollback, deps),
      monitoring,
    };
  };
  return { staging: at('staging'), production: at('production') };
}

const byHand: DeployConfig = { adapter: 'manual' };

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
    case 'email':
      return createEmailChannel(config, deps);
    case 'pagerduty':
      return createPagerDutyChannel(config, deps);
    case 'slack':
      return createSlackChannel(config, deps);
    case 'teams':
      return createTeamsChannel(config, deps);
    case 'webhook':
      return createWebhookChannel(config, deps);
  }
}
