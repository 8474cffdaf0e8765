import type { Logger } from 'pino';
import { createArgoCdDeploy } from '../activities/deploy/argocd.ts';
import { createCommandDeploy } from '../activities/deploy/command.ts';
import { createGitHubDeployment } from '../activities/deploy/github/deployment.ts';
import { createGitHubWorkflow } from '../activities/deploy/github/workflow.ts';
import { createHttpDeploy } from '../activities/deploy/http.ts';
import { createKubernetesDeploy } from '../activities/deploy/kubernetes.ts';
import { createManualDeploy } from '../activities/deploy/manual.ts';
import type { DeployAdapter } from '../activities/deploy/types.ts';
import type { AdapterDeps } from '../activities/deps.ts';
import type { ActivityDeps, ServiceAdapters } from '../activities/index.ts';
import { createCommandMeasure } from '../activities/monitoring/command.ts';
import { createHttpProbe } from '../activities/monitoring/http.ts';
import { createJsonMeasure } from '../activities/monitoring/json.ts';
import { createPrometheusMeasure } from '../activities/monitoring/prometheus.ts';
import type { Measure, Monitoring } from '../activities/monitoring/types.ts';
import { createEmailChannel } from '../activities/notify/email/channel.ts';
import { createLogChannel } from '../activities/notify/log.ts';
import { createPagerDutyChannel } from '../activities/notify/pagerduty.ts';
import { createSlackChannel } from '../activities/notify/slack/channel.ts';
import { createTeamsChannel } from '../activities/notify/teams/channel.ts';
import type { ChannelDeps, NotificationChannel, Recipient } from '../activities/notify/types.ts';
import { createWebhookChannel } from '../activities/notify/webhook.ts';
import { createIcalRota } from '../activities/oncall/ical.ts';
import { createOnCall } from '../activities/oncall/look-up.ts';
import { createPagerDutyRota } from '../activities/oncall/pagerduty.ts';
import { createOnCallStore } from '../activities/oncall/store.ts';
import type { Person, PlannedRota } from '../activities/oncall/types.ts';
import { createIncidentTracker } from '../activities/tracker/incident.ts';
import { createLinks, type Links } from '../links/links.ts';
import type { Notification } from '../process/notifications.ts';
import type { Environment } from '../process/outcomes.ts';
import { rollbackOf } from './rollback.ts';
import type {
  AnalysisConfig,
  ChannelConfig,
  Config,
  DeployConfig,
  MeasureConfig,
  RotaConfig,
  ServiceConfig,
} from './schema.ts';
import { termsOf } from './terms.ts';

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
): Pick<ActivityDeps, 'services' | 'channels' | 'recipientOf' | 'onCall' | 'rotasOf' | 'tracker'> {
  const known = new Map(
    Object.entries(config.services).map(([name, service]) => [name, connect(service, deps)]),
  );
  const others = connect(undefined, deps);
  const links = config.links && createLinks(config.links, deps);
  const rotas = createRotas(config, deps);
  return {
    services: (service, environment) => (known.get(service) ?? others)[environment],
    channels: config.notifications.map((channel) => createChannel(channel, deps)),
    recipientOf: (name, notification) => recipientOf(config, links, name, notification),
    onCall: createOnCall({
      rotas,
      store: createOnCallStore(deps.dataDirectory),
      people: Object.keys(config.people),
      ...deps,
    }),
    rotasOf: (name) => {
      const service = Object.hasOwn(config.services, name) ? config.services[name] : undefined;
      const { onCall } = termsOf(config, service);
      return rotas.filter((rota) => onCall.includes(rota.name));
    },
    tracker: createIncidentTracker(config.tracker),
  };
}

async function recipientOf(
  { people }: Config,
  links: Links | undefined,
  name: string,
  notification: Notification,
): Promise<Recipient> {
  const person = Object.hasOwn(people, name) ? people[name] : undefined;
  if (!person) return { id: name, name, contacts: {} };
  const link = await links?.linkFor(name, notification);
  return { id: name, name: person.name, contacts: person.contacts, link };
}

/** Throws a sentence where `deps.secret` does. */
export function createRotas({ onCall, people }: Config, deps: AdapterDeps): PlannedRota[] {
  const known: Person[] = Object.entries(people).map(([id, person]) => ({ id, ...person }));
  return Object.entries(onCall).map(([name, rota]) => createRota(name, rota, known, deps));
}

function createRota(
  name: string,
  config: RotaConfig,
  people: readonly Person[],
  deps: AdapterDeps,
): PlannedRota {
  switch (config.adapter) {
    case 'ical':
      return createIcalRota(name, config, people, deps);
    case 'pagerduty':
      return createPagerDutyRota(name, config, people, deps);
  }
}

/** A service that is connected to nothing is deployed by hand and not measured. */
function connect(
  service: ServiceConfig | undefined,
  deps: CompositionDeps,
): Record<Environment, ServiceAdapters> {
  const at = (environment: Environment): ServiceAdapters => {
    const configured = service?.deploy?.[environment];
    const back = rollbackOf(configured);
    const deploy = createDeploy(configured?.deploy ?? byHand, deps);
    return {
      deploy,
      // One adapter for both shows that one look at its access is enough.
      rollback: back && back === configured?.deploy ? deploy : createDeploy(back ?? byHand, deps),
      monitoring: createMonitoring(service?.monitoring?.[environment], deps),
    };
  };
  return { staging: at('staging'), production: at('production') };
}

const byHand: DeployConfig = { adapter: 'manual' };

function createDeploy(config: DeployConfig, deps: CompositionDeps): DeployAdapter {
  switch (config.adapter) {
    case 'argocd':
      return createArgoCdDeploy(config, deps);
    case 'command':
      return createCommandDeploy(config, deps);
    case 'github-deployment':
      return createGitHubDeployment(config, deps);
    case 'github-workflow':
      return createGitHubWorkflow(config, deps);
    case 'http':
      return createHttpDeploy(config, deps);
    case 'kubernetes':
      return createKubernetesDeploy(config, deps);
    case 'manual':
      return createManualDeploy(config, deps);
  }
}

const createMonitoring = (
  { soak, measures }: AnalysisConfig = { soak: 0, measures: [] },
  deps: CompositionDeps,
): Monitoring => ({ soak, measures: measures.map((measure) => createMeasure(measure, deps)) });

function createMeasure(config: MeasureConfig, deps: CompositionDeps): Measure {
  switch (config.adapter) {
    case 'command':
      return createCommandMeasure(config, deps);
    case 'http':
      return createHttpProbe(config);
    case 'json':
      return createJsonMeasure(config, deps);
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
