import { expect, test } from 'vitest';
import {
  revisionLists,
  revisionsOf,
  spellSelector,
} from '../../../../src/activities/deploy/kubernetes/revisions.ts';
import { workload } from './objects.ts';

const owner = (uid: string) => [{ uid, controller: true, kind: 'Deployment', name: 'shop' }];
const template = (labels: object = {}) => ({
  metadata: { labels: { app: 'shop', ...labels } },
  spec: { containers: [{ name: 'shop', image: 'shop:v1' }] },
});

test('the ReplicaSets of a Deployment, newest first, without the label of its controller', () => {
  const set = (name: string, number: string, uid = 'uid-1') => ({
    metadata: {
      name,
      annotations: { 'deployment.kubernetes.io/revision': number },
      ownerReferences: owner(uid),
    },
    spec: { template: template({ 'pod-template-hash': name }) },
  });
  const items = [set('shop-a', '9'), set('shop-b', '10'), set('other', '11', 'uid-2')];
  const revisions = revisionLists.Deployment.schema.parse({ items });
  const own = revisionsOf(workload(), revisions);
  expect(own.map(({ name, number }) => `${name} ${number}`)).toEqual(['shop-b 10', 'shop-a 9']);
  expect(own[0]?.template).toEqual(template());
});

test.each(['StatefulSet', 'DaemonSet'] as const)('the ControllerRevisions of a %s', (kind) => {
  const metadata = { name: 'shop-1', ownerReferences: owner('uid-1') };
  const kept = { spec: { template: { ...template(), $patch: 'replace' } } };
  const items = [{ metadata, revision: 3, data: kept }];
  const [revision] = revisionsOf(workload(), revisionLists[kind].schema.parse({ items }));
  expect(revision).toMatchObject({ name: 'shop-1', number: 3 });
  expect(revision?.template).toEqual(template());
});

test('a selector as a query takes it', () => {
  expect(
    spellSelector({
      matchLabels: { app: 'shop', tier: 'web' },
      matchExpressions: [
        { key: 'env', operator: 'In', values: ['prod', 'live'] },
        { key: 'track', operator: 'NotIn', values: ['canary'] },
        { key: 'team', operator: 'Exists', values: [] },
        { key: 'old', operator: 'DoesNotExist', values: [] },
      ],
    }),
  ).toBe('app=shop,tier=web,env in (prod,live),track notin (canary),team,!old');
});
