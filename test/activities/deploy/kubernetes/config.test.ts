import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kubernetesConfigSchema } from '../../../../src/activities/deploy/kubernetes/config.ts';
import { createKubernetesDeploy } from '../../../../src/activities/deploy/kubernetes.ts';
import { adapterDeps } from '../../support.ts';

const minimal = {
  adapter: 'kubernetes',
  kind: 'Deployment',
  namespace: 'prod',
  name: 'shop',
  image: 'r.example.com/shop:{ref}',
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hotfix-kubernetes-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([['{ref}'], ['shop:{ref}'], ['r.example.com/shop@{ref}']])('an image of %s', (image) => {
  expect(kubernetesConfigSchema.parse({ ...minimal, image })).toMatchObject({ image });
});

test.each<[string, object, RegExp]>([
  ['an image without the ref', { image: 'shop:v1' }, /in which \{ref\} stands for the ref/],
  ['an image that is none', { image: 'Shop {ref}' }, /must be an image/],
  ['a kind that has no rollout', { kind: 'Job' }, /Deployment/],
  ['a name that cannot be', { name: '../secrets' }, /must be a Kubernetes name/],
  ['a context of nothing', { context: 'prod' }, /needs kubeconfig beside it/],
  ['a server without a token', { server: 'https://k' }, /needs tokenEnv beside it/],
  ['a token for nothing', { tokenEnv: 'T' }, /needs server beside it/],
  ['two ways', { kubeconfig: 'k', server: 'https://k', tokenEnv: 'T' }, /keep one of them/],
  ['a token in clear', { server: 'http://k', tokenEnv: 'T' }, /https url/],
  [
    'a token in clear to what only looks like loopback',
    { server: 'http://localhost.example.com', tokenEnv: 'T' },
    /https url/,
  ],
])('%s is refused', (_, change, problem) => {
  const { error } = kubernetesConfigSchema.safeParse({ ...minimal, ...change });
  expect(error?.issues.map(({ message }) => message).join('\n')).toMatch(problem);
});

const create = (change: object) => () =>
  createKubernetesDeploy(
    kubernetesConfigSchema.parse({ ...minimal, ...change }),
    adapterDeps({ environment: {} }),
  );

test('what the configuration names and is not there is missed at start', () => {
  const kubeconfig = join(folder, 'kubeconfig');
  const server = { server: 'https://k', tokenEnv: 'TEST_TOKEN' };
  expect(create({})).toThrow('names no cluster, and Hotfix does not run in one');
  expect(create({ kubeconfig })).toThrow(/kubeconfig cannot be read \(ENOENT.*check the path/);
  expect(create({ ...server, caFile: join(folder, 'ca') })).toThrow(/caFile .*check the path/);
  expect(create({ ...server, tokenEnv: 'NOBODY' })).toThrow('NOBODY is not set');

  writeFileSync(kubeconfig, 'clusters: []\ncontexts: []\nusers: []\n');
  expect(create({ kubeconfig })).toThrow('names no cluster to go to');
  expect(create({ kubeconfig, context: 'prod' })).toThrow('has no context "prod": it has none.');
  writeFileSync(kubeconfig, '"just a text"');
  expect(create({ kubeconfig })).toThrow(/names no cluster|cannot be read/);
  writeFileSync(kubeconfig, '{ not: yaml');
  expect(create({ kubeconfig })).toThrow('cannot be read');
});
