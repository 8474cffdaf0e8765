import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { signalNames } from '../../src/process/signals.ts';
import { Contract } from './contract.ts';
import { guarded, TestApi } from './support.ts';

interface Operation {
  summary: string;
  security?: object[];
  responses: Record<string, { description: string }>;
}
interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: object; securitySchemes?: object };
  security?: object[];
}

let api: TestApi;
let openapi: OpenApi;

beforeAll(async () => {
  api = await TestApi.start();
  openapi = (await api.get<OpenApi>('/openapi.json')).body;
});
afterAll(() => api.stop());

const operations = (document: OpenApi) =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );

describe('the description', () => {
  test.each([
    ['open', '{}'],
    ['with tokens', guarded],
  ])('is OpenAPI 3.1, %s', async (_, yaml) => {
    const answer = await (await api.build(yaml)).inject('/openapi.json');
    expect(answer.json<OpenApi>().openapi).toMatch(/^3\.1\./);
    expect(await new Validator().validate(answer.json())).toMatchObject({ valid: true });
  });

  test('has every call', () => {
    const calls = operations(openapi).map(({ method, path }) => `${method} ${path}`);
    expect(calls.sort()).toEqual(
      [
        'post /incidents',
        'get /incidents',
        'get /incidents/{id}',
        'get /incidents/{id}/timeline',
        'get /incidents/{id}/events',
        'get /incidents/{id}/measurements',
        'get /incidents/{id}/measurements.svg',
        'get /incidents/{id}/post-mortem',
        'get /healthz',
        'get /readyz',
        ...signalNames.map((name) => `post /incidents/{id}/signals/${name}`),
      ].sort(),
    );
  });

  test('says what each call and each answer is', () => {
    for (const { path, summary, responses } of operations(openapi)) {
      expect(summary, path).toMatch(/\w+ \w+/);
      for (const { description } of Object.values(responses)) {
        expect(description, path).not.toMatch(/^(Default Response)?$/);
      }
    }
  });

  test('names only what it uses', () => {
    const text = JSON.stringify(openapi);
    const unused = Object.keys(openapi.components.schemas).filter(
      (name) => !text.includes(`"#/components/schemas/${name}"`),
    );
    expect(unused).toEqual([]);
  });

  test('asks for a token where one is needed, and only there', async () => {
    expect(openapi.security).toBeUndefined();
    const app = await api.build(guarded);
    const document = app.swagger() as unknown as OpenApi;
    expect(document.security).toEqual([{ token: [] }]);
    const open = operations(document).filter(({ security }) => security?.length === 0);
    expect(open.map(({ path }) => path).sort()).toEqual(['/healthz', '/readyz']);
    for (const url of ['/healthz', '/docs', '/docs/json', '/openapi.json', '/metrics']) {
      expect((await app.inject(url)).statusCode, url).toBe(200);
    }
  });

  test('is on the page at /docs, which / leads to', async () => {
    const app = await api.build();
    expect((await app.inject('/')).headers.location).toBe('/docs');
    expect((await app.inject('/docs')).body).toContain('<title>Hotfix API</title>');
    expect((await app.inject('/docs/json')).json()).toEqual(openapi);
    expect(parse((await app.inject('/docs/yaml')).body)).toEqual(openapi);
  });
});

describe('the check that every test of the API makes of every answer', () => {
  test('finds what the description does not have', async () => {
    const contract = new Contract(openapi);
    const incident = await api.open();
    const exchange = { method: 'GET', url: `/incidents/${incident.id}`, status: 200 };
    const json = { ...exchange, contentType: 'application/json' };
    expect(contract.fault({ ...json, body: incident })).toBeNull();
    expect(contract.fault({ ...json, body: { ...incident, attempt: 'one' } })).toMatch(/attempt/);
    expect(contract.fault({ ...json, body: { ...incident, more: 1 } })).toMatch(/additional/);
    expect(contract.fault({ ...json, status: 418, body: {} })).toMatch(/418/);
    expect(contract.fault({ ...json, contentType: 'text/html', body: '' })).toMatch(/text\/html/);
    const nowhere = { ...json, url: '/nowhere', status: 404, body: { status: 404 } };
    expect(contract.fault(nowhere)).toMatch(/code/);
  });
});
