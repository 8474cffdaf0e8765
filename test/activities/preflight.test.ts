import { expect, test } from 'vitest';
import { createManualDeploy } from '../../src/activities/deploy/manual.ts';
import { permanent } from '../../src/activities/failures.ts';
import {
  commandMeasureConfigSchema,
  createCommandMeasure,
} from '../../src/activities/monitoring/command.ts';
import { createHttpProbe, httpProbeConfigSchema } from '../../src/activities/monitoring/http.ts';
import { createJsonMeasure, jsonConfigSchema } from '../../src/activities/monitoring/json.ts';
import {
  createPrometheusMeasure,
  prometheusConfigSchema,
} from '../../src/activities/monitoring/prometheus.ts';
import type { Measure } from '../../src/activities/monitoring/types.ts';
import type { OnCallAnswer, Rota } from '../../src/activities/oncall/types.ts';
import { tryAccess } from '../../src/activities/preflight.ts';
import { answer, closedUrl, listen } from './server.ts';
import { adapterDeps } from './support.ts';

const deps = adapterDeps();
const byHand = createManualDeploy({ adapter: 'manual' }, deps);

/** The check of a service that has this measure in production and nothing else that can be tried. */
async function attempt(measure: Measure, signal = new AbortController().signal) {
  const [check] = await tryAccess(
    'shop',
    (environment) => ({
      ...{ deploy: byHand, rollback: byHand },
      monitoring: { soak: 0, measures: environment === 'production' ? [measure] : [] },
    }),
    [],
    signal,
  );
  return check;
}

const http = (url: string) =>
  createHttpProbe(httpProbeConfigSchema.parse({ adapter: 'http', name: 'a', url }));
const json = (url: string, change: object = {}) =>
  createJsonMeasure(
    jsonConfigSchema.parse({
      ...{ adapter: 'json', name: 'a', url, path: '$.a', success: { below: 1 }, ...change },
    }),
    deps,
  );
const prometheus = (url: string, change: object = {}) =>
  createPrometheusMeasure(
    prometheusConfigSchema.parse({
      ...{ adapter: 'prometheus', name: 'a', url, query: 'up', success: { below: 1 }, ...change },
    }),
    deps,
  );
const command = (script: string) =>
  createCommandMeasure(
    commandMeasureConfigSchema.parse({
      adapter: 'command',
      name: 'a',
      command: [process.execPath, '-e', script],
      success: { atMost: 0 },
    }),
    deps,
  );

const of =
  (answer: Partial<OnCallAnswer>): Rota['onCall'] =>
  async () => ({ people: [], strangers: [], ...answer });

const vector = (...values: string[]) => ({
  status: 'success',
  data: {
    resultType: 'vector',
    result: values.map((value, index) => ({ metric: { i: `${index}` }, value: [1, value] })),
  },
});

/** What is bad is not judged: the service may be broken now. */
test.each<[string, number, unknown, (url: string) => Measure, string]>([
  ['a probe', 503, 'down', http, '^It answers 503 in \\d+ ms\\.$'],
  ['JSON', 200, { a: 99 }, json, '^It gives 99\\.$'],
  [
    'no JSON value, which has a meaning',
    200,
    {},
    (url) => json(url, { noData: 'success' }),
    'has no data now',
  ],
  ['a query', 200, vector('99'), prometheus, '^It gives 99 of \\{i="0"\\}\\.$'],
  [
    'a query with several series',
    200,
    vector('1', '2'),
    prometheus,
    '^It gives 2 values, first 1 of',
  ],
  ['a query without data', 200, vector(), prometheus, '^It answers, and has no data now\\.$'],
  ['a program', 0, '', () => command('process.exit(7)'), '^It gives 7\\.$'],
])('%s can be measured', async (_, status, body, measure, summary) => {
  const { url } = await listen((__, response) => answer(response, status, body));
  expect(await attempt(measure(url))).toEqual({
    environment: 'production',
    what: 'measure',
    name: 'a',
    ok: true,
    summary: expect.stringMatching(summary),
  });
});

const withBaseline = { success: { below: { of: 'before', factor: 1 } } };
const refused = { status: 'error', errorType: 'bad_data', error: 'parse error: unclosed' };

test.each<[string, number, unknown, (url: string) => Measure, string]>([
  [
    'a path into nothing',
    200,
    { b: 1 },
    json,
    '\\$\\.a finds nothing in the answer: correct the path',
  ],
  [
    'a query that does not parse',
    400,
    refused,
    prometheus,
    'does not run the query \\(bad_data\\): parse error',
  ],
  [
    'a baseline of several series',
    200,
    vector('1', '2'),
    (url) => prometheus(url, withBaseline),
    '2 series, and a baseline is of one: aggregate it',
  ],
  [
    'a token that is not valid',
    401,
    '',
    json,
    'does not accept who calls \\(401\\): check tokenEnv',
  ],
  ['a program that dies', 0, '', () => command('process.abort()'), 'was ended by SIGABRT'],
])('%s is told', async (_, status, body, measure, summary) => {
  const { url } = await listen((__, response) => answer(response, status, body));
  expect(await attempt(measure(url))).toMatchObject({
    ok: false,
    summary: expect.stringMatching(summary),
  });
});

test.each([http, json, prometheus])('what cannot be reached is told (%#)', async (measure) => {
  expect(await attempt(measure(await closedUrl()))).toMatchObject({
    ok: false,
    summary: expect.stringContaining('cannot be reached (ECONNREFUSED)'),
  });
});

test.each<[string, Rota['onCall'], object]>([
  ['that answers', of({ people: ['ana', 'ben'] }), { ok: true, summary: 'On call now: ana, ben.' }],
  ['with nobody', of({}), { ok: true, summary: 'On call now: nobody.' }],
  [
    'with strangers alone',
    of({ strangers: ['Zoe'] }),
    {
      ok: false,
      summary: expect.stringContaining('primary has only Zoe on call now, not among the people of'),
    },
  ],
  [
    'that does not let anybody in',
    async () => {
      throw permanent('Unauthorized', 'Check the token.');
    },
    { ok: false, summary: 'Check the token.' },
  ],
])('a rota %s', async (_, onCall, expected) => {
  const adapters = { deploy: byHand, rollback: byHand, monitoring: { soak: 0, measures: [] } };
  const rotas = [{ name: 'primary', onCall }];
  const { signal } = new AbortController();
  expect(await tryAccess('shop', () => adapters, rotas, signal)).toEqual([
    { environment: 'production', what: 'rota', name: 'primary', ...expected },
  ]);
});

test('a check that is broken off says nothing', async () => {
  const controller = new AbortController();
  const { url } = await listen(() => controller.abort(new Error('broken off')));
  await expect(attempt(json(url), controller.signal)).rejects.toThrow('broken off');
});
