import { existsSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { root } from './project.ts';

/** As much of a Compose file as the rules below look at. */
export interface Compose {
  services: Record<string, Service>;
  volumes?: Record<string, unknown>;
  configs?: Record<string, unknown>;
}

interface Service {
  image?: string;
  restart?: string;
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  configs?: { source: string }[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: unknown;
}

export function parseCompose(text: string): Compose {
  return parse(text, { merge: true }) as Compose;
}

type Rule = (name: string, service: Service, compose: Compose) => string[];

/** Every breach of our own rules for the Compose file, a sentence each. */
export function faultsOf(compose: Compose): string[] {
  return Object.entries(compose.services).flatMap(([name, service]) =>
    rules.flatMap((rule) => rule(name, service, compose)),
  );
}

const runsOn = (service: Service): boolean => service.restart === 'unless-stopped';

const watched: Rule = (name, service) =>
  runsOn(service) && service.healthcheck === undefined ? [`${name} has no health check.`] : [];

const pinned: Rule = (name, { image = '' }) => {
  const tag = image.replace(/\$\{\w+:-([^}]*)\}/, '$1').split(':')[1] ?? 'latest';
  return /^\d+\.\d+/.test(tag) ? [] : [`${name} does not pin its image: ${image}.`];
};

const loopback: Rule = (name, { ports = [] }) =>
  ports
    .filter((port) => !port.startsWith('127.0.0.1:'))
    .map((port) => `${name} is open to the network by its port ${port}.`);

const secrets: Rule = (name, { environment = {} }) =>
  Object.entries(environment)
    .filter(([key, value]) => /PASSWORD|PWD|TOKEN|SECRET/.test(key) && !/^\$\{\w+:\?/.test(value))
    .map(([key]) => `${name} has a secret in the file: ${key}.`);

const ordered: Rule = (name, { depends_on = {} }, { services }) =>
  Object.entries(depends_on).flatMap(([other, { condition }]) => {
    const target = services[other];
    if (target === undefined) return [`${name} waits for ${other}, which does not exist.`];
    const endless = condition === 'service_completed_successfully' && runsOn(target);
    const blind = condition === 'service_healthy' && target.healthcheck === undefined;
    return endless || blind ? [`${name} waits for ${other} to do what it never does.`] : [];
  });

const mounted: Rule = (name, { volumes = [], configs = [] }, compose) => [
  ...volumes
    .map((volume) => volume.split(':')[0] ?? '')
    .filter((source) =>
      source.startsWith('.')
        ? !existsSync(path.join(root, source))
        : !Object.hasOwn(compose.volumes ?? {}, source),
    )
    .map((source) => `${name} mounts ${source}, which does not exist.`),
  ...configs
    .filter(({ source }) => !Object.hasOwn(compose.configs ?? {}, source))
    .map(({ source }) => `${name} reads the config ${source}, which does not exist.`),
];

const rules: Rule[] = [watched, pinned, loopback, secrets, ordered, mounted];
