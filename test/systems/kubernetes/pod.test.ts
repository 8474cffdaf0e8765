import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deployOf, until } from '../../activities/deploy/contract/bench.ts';
import { KubernetesControlPlane } from '../../support/kubernetes/control-plane.ts';
import { Shop } from './shop.ts';

let plane: KubernetesControlPlane;
let folder: string;
beforeAll(async () => {
  plane = await KubernetesControlPlane.start();
  folder = mkdtempSync(join(tmpdir(), 'hotfix-pod-'));
});
afterAll(async () => {
  await plane.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Where a pod finds its service account; made in a mount namespace, so that it is seen there alone. */
const mounts =
  'mount -t tmpfs none /run && mkdir -p "$1" && cp "$2/token" "$2/ca.crt" "$1" && shift 2';
const isolated = (command: string[]) => [
  ...['-rm', 'sh', '-c', `${mounts} && exec "$@"`, 'pod'],
  ...['/run/secrets/kubernetes.io/serviceaccount', folder, ...command],
];

function isPossible(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'hotfix-pod-'));
  const { status } = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', probe]);
  rmSync(probe, { recursive: true });
  return status === 0;
}

test.skipIf(!isPossible())('a worker in a pod is its service account', async () => {
  const shop = await Shop.open(plane);
  await shop.settles();
  writeFileSync(join(folder, 'token'), shop.token);
  writeFileSync(join(folder, 'ca.crt'), readFileSync(plane.caFile));
  const { server: _, tokenEnv: __, caFile: ___, ...deploy } = shop.config();
  const log = join(folder, 'attempt.log');
  const attempt = {
    log,
    config: JSON.stringify({ services: { shop: { deploy: { production: { deploy } } } } }),
    env: {},
    dataDirectory: folder,
    activity: 'deploy',
    step: deployOf('v2'),
    attempt: 1,
  };
  writeFileSync(join(folder, 'attempt.json'), JSON.stringify(attempt));
  writeFileSync(log, '');

  const { hostname: KUBERNETES_SERVICE_HOST, port: KUBERNETES_SERVICE_PORT } = new URL(plane.url);
  const script = resolve('test/activities/deploy/contract/attempt.mjs');
  let over = '';
  const worker = execFile(
    'unshare',
    isolated([process.execPath, script, join(folder, 'attempt.json')]),
    { env: { ...process.env, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT } },
    (error, out, err) => {
      over = `${error?.message ?? 'it ended'} ${out} ${err}`;
    },
  );
  const said = () => readFileSync(log, 'utf8');
  await until(() => over !== '' || /"(result|error)"/.test(said()));
  worker.kill('SIGKILL');
  expect(over).toBe('');
  expect(said()).toContain('"outcome":"succeeded"');
});
