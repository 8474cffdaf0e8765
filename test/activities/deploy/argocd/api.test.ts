import { expect, test } from 'vitest';
import { createArgoCdApi } from '../../../../src/activities/deploy/argocd/api.ts';
import { argoCdConfigSchema } from '../../../../src/activities/deploy/argocd/config.ts';
import { answer, listen } from '../../server.ts';
import { adapterDeps } from '../../support.ts';

const signal = new AbortController().signal;

const apiAt = (url: string, more: object = {}) =>
  createArgoCdApi(
    argoCdConfigSchema.parse({
      adapter: 'argocd',
      url,
      application: 'shop',
      tokenEnv: 'TEST_TOKEN',
      ...more,
    }),
    adapterDeps(),
  );

test.each([
  [401, 16, 'invalid session', 'Unauthorized', /put a valid token into TEST_TOKEN/],
  [403, 7, 'permission denied', 'Forbidden', /a policy.*get and sync.*no such application/],
  [
    403,
    7,
    'cannot sync: blocked by sync window',
    'Refused',
    /"cannot sync: blocked by sync window"/,
  ],
  [
    404,
    5,
    'applications "shop" not found',
    'NotFound',
    /check application, appNamespace and project/,
  ],
  [400, 3, 'no such id', 'Refused', /"no such id"/],
  [400, 9, 'application is deleting', 'Refused', /"application is deleting"/],
  [
    400,
    9,
    'another operation is already in progress',
    'Busy',
    /another operation in progress for shop/,
  ],
  [429, 8, 'too many', 'Busy', /busy/],
  [503, 14, 'unavailable', 'Busy', /busy/],
  [500, 2, 'error getting application', 'Unreachable', /error getting application/],
  [504, 4, 'deadline exceeded', 'Unreachable', /deadline exceeded/],
  [307, 2, '', 'Refused', /redirects .*configure the final url/],
])('%i (%i, %s) is %s', async (status, code, message, type, says) => {
  const { url } = await listen((_, response) => answer(response, status, { code, message }));
  const failure: unknown = await apiAt(url)
    .application(signal)
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({
    type,
    nonRetryable: !['Busy', 'Unreachable'].includes(type),
    message: expect.stringMatching(says),
  });
  expect((failure as Error).message).not.toContain('token-of-a-test');
});

test.each([
  [403, '<html>a proxy</html>', 'Forbidden'],
  [404, '', 'NotFound'],
  [200, '<html>', 'BadAnswer'],
  [200, { metadata: {} }, 'BadAnswer'],
])('what somebody else answers: %i %s', async (status, body, type) => {
  const { url } = await listen((_, response) => answer(response, status, body));
  await expect(apiAt(url).application(signal)).rejects.toMatchObject({ type });
});

test('where it is and whose it is goes along, below a path too', async () => {
  const { url, received } = await listen((_, response) => answer(response, 200, { spec: {} }));
  const api = apiAt(`${url}/argocd`, { appNamespace: 'teams', project: 'shops' });
  await api.application(signal);
  await api.sync({ revision: 'v2' }, signal);
  await api.rollback(4, signal);
  await api.terminate(signal);
  expect(received.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /argocd/api/v1/applications/shop?appNamespace=teams&project=shops',
    'POST /argocd/api/v1/applications/shop/sync',
    'POST /argocd/api/v1/applications/shop/rollback',
    'DELETE /argocd/api/v1/applications/shop/operation?appNamespace=teams&project=shops',
  ]);
  const where = { name: 'shop', appNamespace: 'teams', project: 'shops' };
  expect(JSON.parse(received[1]?.body ?? '')).toEqual({ ...where, revision: 'v2' });
  expect(JSON.parse(received[2]?.body ?? '')).toEqual({ ...where, id: 4 });
  expect(received.every(({ headers }) => headers.authorization === 'Bearer token-of-a-test')).toBe(
    true,
  );
});
