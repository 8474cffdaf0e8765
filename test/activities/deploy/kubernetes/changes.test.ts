import { expect, test } from 'vitest';
import {
  createChanges,
  liveVersion,
} from '../../../../src/activities/deploy/kubernetes/changes.ts';
import { kubernetesConfigSchema } from '../../../../src/activities/deploy/kubernetes/config.ts';
import { recordStep } from '../../../../src/activities/deploy/kubernetes/steps.ts';
import { digestOf } from '../../../../src/activities/deploy/kubernetes/template.ts';
import { deployStep } from '../../support.ts';
import { workload } from './objects.ts';

const changesOf = (config: object = {}) =>
  createChanges(
    kubernetesConfigSchema.parse({
      adapter: 'kubernetes',
      kind: 'Deployment',
      namespace: 'prod',
      name: 'shop',
      image: 'r.example.com/shop:{ref}',
      ...config,
    }),
    { name: 'Deployment shop in namespace prod', argument: 'deployment/shop -n prod' },
  );

const deploy = { ...deployStep(), action: 'deploy' } as const;
const two = [
  { name: 'shop', image: 'shop:v1' },
  { name: 'proxy', image: 'proxy:v7' },
];

test('a deploy patches one image, and marks the pods', () => {
  const { patch, template } = changesOf({ container: 'shop' }).toImage(
    deploy,
    workload({ containers: two }),
  );
  expect(patch).toEqual({
    metadata: { annotations: { 'hotfix/idempotency-key': deploy.idempotencyKey } },
    spec: { containers: [{ name: 'shop', image: 'r.example.com/shop:v2' }] },
  });
  expect(template.spec.containers[1]).toEqual(two[1]);
});

test.each<[string, object, object, object, string, RegExp]>([
  ['several containers', {}, { containers: two }, {}, 'Refused', /\(shop, proxy\).*by container/],
  ['an unknown one', { container: 'web' }, {}, {}, 'NotFound', /no container "web": it has shop/],
  ['a paused Deployment', {}, { spec: { paused: true } }, {}, 'Refused', /rollout resume/],
  [
    'a strategy that rolls out nothing',
    {},
    { spec: { updateStrategy: { type: 'OnDelete' } } },
    {},
    'Refused',
    /set it to RollingUpdate/,
  ],
  [
    'a partition that keeps every pod as it is',
    {},
    { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 3 } } } },
    {},
    'Refused',
    /partition 3 and 3 replicas.*partition to 0/,
  ],
  ['a branch', {}, {}, { ref: 'feature/x' }, 'Refused', /must be a tag or a digest/],
])('%s is refused', (_, config, parts, request, type, says) => {
  const begin = () => changesOf(config).toImage({ ...deploy, ...request }, workload(parts));
  expect(begin).toThrow(
    expect.objectContaining({ type, nonRetryable: true, message: expect.stringMatching(says) }),
  );
});

test('what was changed after it was asked what is live is decided anew', () => {
  const before = liveVersion(workload({ containers: two }), 'shop-1');
  expect(() => changesOf().toImage(deploy, workload(), before)).toThrow(
    expect.objectContaining({ type: 'Busy', nonRetryable: false }),
  );
});

const former = workload({ containers: [{ name: 'shop', image: 'r.example.com/shop:v0' }] });
const { template } = former.spec;
const kept = [{ name: 'shop-1', number: 1, annotations: {}, owners: ['uid-1'], template }];
const rollback = {
  ...deployStep({ idempotencyKey: 'rollback-1', undoes: 'deploy-1' }),
  before: liveVersion(former, 'shop-1'),
  action: 'rollback',
} as const;

/** The workload after the deploy that the rollback takes back. */
const deployed = (put = workload()) =>
  workload({
    metadata: {
      annotations: recordStep(
        { key: 'deploy-1', at: '', template: digestOf(put.spec.template) },
        [],
      ),
    },
  });

test('a rollback replaces the template by the former one', () => {
  expect(changesOf().toFormer(rollback, deployed(), kept)).toEqual({
    template,
    patch: { ...template, $patch: 'replace' },
  });
});

test.each<[string, string, RegExp, () => unknown]>([
  [
    'it is not known what was live',
    'NothingToGoBackTo',
    /not known what .* choose a version/,
    () => changesOf().toFormer({ ...rollback, before: undefined }, deployed(), kept),
  ],
  [
    'another adapter knew what was live',
    'NothingToGoBackTo',
    /not known/,
    () => {
      const before = { version: 'v0', restore: { deployment: '7' } };
      return changesOf().toFormer({ ...rollback, before }, deployed(), kept);
    },
  ],
  [
    'the cluster no longer keeps it',
    'NothingToGoBackTo',
    /kept as shop-1.*revisionHistoryLimit/,
    () => changesOf().toFormer(rollback, deployed(), []),
  ],
  [
    'somebody changed it since',
    'Refused',
    /live is now r\.example\.com\/shop:v1.*if r\.example\.com\/shop:v0 is still wanted/,
    () => changesOf().toFormer(rollback, deployed(former), kept),
  ],
  [
    'nothing tells of the deploy',
    'Refused',
    /somebody else changed it/,
    () => changesOf().toFormer(rollback, workload(), kept),
  ],
])('a rollback where %s', (_, type, says, roll) => {
  expect(roll).toThrow(
    expect.objectContaining({ type, nonRetryable: true, message: expect.stringMatching(says) }),
  );
});
