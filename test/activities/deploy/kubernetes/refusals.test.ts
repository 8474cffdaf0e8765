import { expect, test } from 'vitest';
import { kubernetesConfigSchema } from '../../../../src/activities/deploy/kubernetes/config.ts';
import { createKubernetesDeploy } from '../../../../src/activities/deploy/kubernetes.ts';
import { answer, closedUrl, listen } from '../../server.ts';
import { adapterDeps, deployStep } from '../../support.ts';

/*
 * What the API server says, told apart. The answers are those of a real one; that it gives them for
 * these reasons is tested on a real one too.
 */

const findBy = (server: string, more: object = {}) =>
  createKubernetesDeploy(
    kubernetesConfigSchema.parse({
      adapter: 'kubernetes',
      kind: 'Deployment',
      namespace: 'prod',
      name: 'shop',
      image: 'r.example.com/shop:{ref}',
      server,
      tokenEnv: 'TEST_TOKEN',
      ...more,
    }),
    adapterDeps(),
  ).find?.({ ...deployStep(), action: 'deploy' }, new AbortController().signal);

const status = (code: number, message: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message,
  code,
});

const forbidden =
  'deployments.apps "shop" is forbidden: User "system:serviceaccount:prod:hotfix" cannot get resource "deployments" in API group "apps" in the namespace "prod"';
const denied = 'admission webhook "images.example.com" denied the request: shop:v2 is not signed';

test.each<[number, unknown, string, boolean, RegExp]>([
  [401, status(401, 'Unauthorized'), 'Unauthorized', true, /check the token in TEST_TOKEN/],
  [
    403,
    status(403, forbidden),
    'Forbidden',
    true,
    /may not get deployments \(Deployment shop in namespace prod\).*Role in the documentation/,
  ],
  [403, status(403, denied), 'Refused', true, /shop:v2 is not signed/],
  [400, status(400, denied), 'Refused', true, /shop:v2 is not signed/],
  [
    404,
    status(404, 'deployments.apps "shop" not found'),
    'NotFound',
    true,
    /no Deployment shop in namespace prod: check kind, namespace and name/,
  ],
  [404, '<html>', 'NotFound', true, /address of a Kubernetes API server/],
  [422, status(422, 'spec is invalid'), 'Refused', true, /spec is invalid/],
  [429, status(429, 'too many'), 'Busy', false, /busy \(429\)/],
  [503, 'down', 'Busy', false, /busy \(503\)/],
  [500, status(500, 'etcd has no leader'), 'Unreachable', false, /500.*etcd has no leader/],
  [200, '<html>', 'BadAnswer', true, /cannot be understood/],
  [200, { kind: 'Deployment', metadata: {} }, 'BadAnswer', true, /metadata\.name/],
])('%i %j is %s', async (code, body, type, nonRetryable, says) => {
  const { url, received } = await listen((_, response) => answer(response, code, body));
  await expect(findBy(url)).rejects.toMatchObject({
    type,
    nonRetryable,
    message: expect.stringMatching(says),
  });
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({
    method: 'GET',
    path: '/apis/apps/v1/namespaces/prod/deployments/shop',
    headers: { authorization: 'Bearer token-of-a-test' },
  });
});

test('what the server asks for by Retry-After is kept', async () => {
  const { url } = await listen((_, response) =>
    answer(response, 429, status(429, 'too many'), { 'retry-after': '7' }),
  );
  await expect(findBy(url)).rejects.toMatchObject({ nextRetryDelay: 7_000 });
});

test('a server that gives no answer, and one that is not there', async () => {
  const { url } = await listen(() => undefined);
  await expect(findBy(url, { requestTimeout: '100ms' })).rejects.toMatchObject({
    type: 'TimedOut',
    nonRetryable: false,
    message: expect.stringContaining('no answer within 100 ms'),
  });
  await expect(findBy(await closedUrl())).rejects.toMatchObject({
    type: 'Unreachable',
    nonRetryable: false,
    message: expect.stringMatching(/ECONNREFUSED.*check that it runs/),
  });
});
