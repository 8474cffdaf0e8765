import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { attributes } from '../../src/temporal/searchAttributes.ts';
import { type Compose, faultsOf, parseCompose } from './compose.ts';
import { projectFile } from './project.ts';
import { fromWheel } from './wheel.ts';

vi.setConfig({ hookTimeout: 120_000 });

const text = projectFile('docker-compose.yml');

describe('the Compose specification', () => {
  let validate: ValidateFunction;

  beforeAll(async () => {
    const schema = await fromWheel({
      name: 'check-jsonschema',
      version: '0.39.0',
      file: 'check_jsonschema/builtin_schemas/vendor/compose-spec.json',
    });
    // The schema names formats of its own, such as `duration`, which it does not define.
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
    validate = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')) as object);
  });

  test('is followed', () => {
    validate(parseCompose(text));
    expect(validate.errors).toBeNull();
  });

  test.each([
    ['a misspelt key', text.replace('restart:', 'restarts:')],
    ['a wrong type', text.replace('init: true', 'init: [true]')],
    ['a condition that does not exist', text.replace('service_healthy', 'service_well')],
    ['a health check without its form', text.replace(/retries: \d+/, 'retries: {}')],
  ])('%s would be found', (_fault, broken) => {
    expect(broken).not.toBe(text);
    expect(validate(parseCompose(broken))).toBe(false);
  });
});

describe('the rules for what runs', () => {
  test('are kept', () => {
    expect(faultsOf(parseCompose(text))).toEqual([]);
  });

  const breaches: [string, (services: Compose['services']) => void][] = [
    ['api has no health check.', ({ api }) => delete api?.healthcheck],
    [
      'temporal-ui does not pin its image: temporalio/ui:latest.',
      (services) => Object.assign(services['temporal-ui'] ?? {}, { image: 'temporalio/ui:latest' }),
    ],
    [
      'postgresql does not pin its image: postgres.',
      ({ postgresql }) => Object.assign(postgresql ?? {}, { image: 'postgres' }),
    ],
    [
      'api is open to the network by its port 3000:3000.',
      ({ api }) => Object.assign(api ?? {}, { ports: ['3000:3000'] }),
    ],
    [
      'postgresql has a secret in the file: POSTGRES_PASSWORD.',
      ({ postgresql }) =>
        Object.assign(postgresql?.environment ?? {}, { POSTGRES_PASSWORD: 'temporal' }),
    ],
    [
      'worker waits for broker, which does not exist.',
      ({ worker }) =>
        Object.assign(worker ?? {}, { depends_on: { broker: { condition: 'service_started' } } }),
    ],
    [
      'worker waits for api to do what it never does.',
      ({ worker }) =>
        Object.assign(worker ?? {}, {
          depends_on: { api: { condition: 'service_completed_successfully' } },
        }),
    ],
    [
      'worker mounts ./nowhere, which does not exist.',
      ({ worker }) => Object.assign(worker ?? {}, { volumes: ['./nowhere:/nowhere'] }),
    ],
    [
      'worker mounts data, which does not exist.',
      ({ worker }) => Object.assign(worker ?? {}, { volumes: ['data:/data'] }),
    ],
    [
      'worker reads the config other, which does not exist.',
      ({ worker }) => Object.assign(worker ?? {}, { configs: [{ source: 'other' }] }),
    ],
  ];

  test.each(breaches)('the breach "%s" is found', (sentence, breach) => {
    const compose = parseCompose(text);
    breach(compose.services);
    expect(faultsOf(compose)).toEqual([sentence]);
  });
});

test('every search attribute of the workflow is registered, with its type', () => {
  const registered = projectFile('deploy/temporal/namespace.sh').matchAll(
    /^register (\w+) (\w+)$/gm,
  );
  const typed = Object.values(attributes).map(({ name, type }) => [
    name,
    type.toLowerCase().replaceAll('_', ''),
  ]);
  expect(
    Object.fromEntries([...registered].map(([, name, type]) => [name, type?.toLowerCase()])),
  ).toEqual(Object.fromEntries(typed));
});
