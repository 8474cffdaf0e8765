import { describe, expect, test } from 'vitest';
import { type Kind, rolloutOf } from '../../../../src/activities/deploy/kubernetes/rollout.ts';
import { workload } from './objects.ts';

const exceeded = {
  type: 'Progressing',
  status: 'False',
  reason: 'ProgressDeadlineExceeded',
  lastUpdateTime: '2026-01-01T00:00:00Z',
};

describe('how far a rollout is', () => {
  test.each<[string, Kind, object, object, string, string]>([
    [
      'going',
      'Deployment',
      {},
      { replicas: 3 },
      '0 of 3 pods new, 0 available, 3 old',
      'no new pod',
    ],
    [
      'going',
      'Deployment',
      {},
      { replicas: 4, updatedReplicas: 3, availableReplicas: 4 },
      '3 of 3 pods new, 4 available, 1 old',
      'an old pod that has not gone',
    ],
    [
      'going',
      'Deployment',
      {},
      { replicas: 3, updatedReplicas: 3, availableReplicas: 2 },
      '3 of 3 pods new, 2 available',
      'a new pod that is not available',
    ],
    [
      'done',
      'Deployment',
      {},
      { replicas: 3, updatedReplicas: 3, availableReplicas: 3 },
      '3 of 3 pods new, 3 available',
      'all of it',
    ],
    ['done', 'Deployment', { replicas: 0 }, {}, 'no pods are wanted', 'scaled to nothing'],
    [
      'going',
      'StatefulSet',
      {},
      {
        replicas: 3,
        updatedReplicas: 3,
        availableReplicas: 3,
        currentRevision: 'a',
        updateRevision: 'b',
      },
      '3 of 3 pods new, 3 available',
      'a revision that is not the current one yet',
    ],
    [
      'done',
      'StatefulSet',
      {},
      {
        replicas: 3,
        updatedReplicas: 3,
        availableReplicas: 3,
        currentRevision: 'b',
        updateRevision: 'b',
      },
      '3 of 3 pods new, 3 available',
      'all of it',
    ],
    [
      'done',
      'StatefulSet',
      { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
      {
        replicas: 3,
        updatedReplicas: 1,
        availableReplicas: 3,
        currentRevision: 'a',
        updateRevision: 'b',
      },
      '1 of 1 pod new, 3 available, 2 old',
      'all that a partition lets through',
    ],
    [
      'going',
      'StatefulSet',
      { updateStrategy: { rollingUpdate: { partition: 2 } } },
      { replicas: 3, updatedReplicas: 1, availableReplicas: 2 },
      '1 of 1 pod new, 2 available, 2 old',
      'behind a partition, not available',
    ],
    [
      'going',
      'DaemonSet',
      {},
      { desiredNumberScheduled: 4, updatedNumberScheduled: 3, numberAvailable: 3 },
      '3 of 4 pods new, 3 available',
      'a node to go',
    ],
    [
      'done',
      'DaemonSet',
      {},
      { desiredNumberScheduled: 4, updatedNumberScheduled: 4, numberAvailable: 4 },
      '4 of 4 pods new, 4 available',
      'all nodes',
    ],
  ])('%s: %s %s %s %s (%s)', (state, kind, spec, status, progress) => {
    const rollout = rolloutOf(kind, workload({ spec, status }), false);
    expect(rollout.state).toBe(state);
    expect(rollout.lines[0]).toMatch(new RegExp(`^${progress}`));
  });

  test.each<Kind>(['Deployment', 'StatefulSet', 'DaemonSet'])(
    'nothing the status of a %s says counts before the change is observed',
    (kind) => {
      const status = {
        observedGeneration: 4,
        replicas: 3,
        updatedReplicas: 3,
        availableReplicas: 3,
        conditions: [exceeded],
      };
      const rollout = rolloutOf(kind, workload({ status }), false);
      expect(rollout).toEqual({
        state: 'going',
        lines: [`the controller has not seen the change of the ${kind} yet`],
      });
    },
  );

  test('an exceeded deadline is the end, unless it is one from before', () => {
    const stuck = workload({ status: { replicas: 4, updatedReplicas: 1, conditions: [exceeded] } });
    expect(rolloutOf('Deployment', stuck, false).state).toBe('stuck');
    expect(rolloutOf('Deployment', stuck, true).state).toBe('going');
  });

  test('what is done is done, whatever an old condition says', () => {
    const counts = { replicas: 3, updatedReplicas: 3, availableReplicas: 3 };
    const done = workload({ status: { ...counts, conditions: [exceeded] } });
    expect(rolloutOf('Deployment', done, false).state).toBe('done');
  });

  test('what keeps pods from being made is told', () => {
    const conditions = [
      { type: 'ReplicaFailure', status: 'True', message: 'pods "x" is forbidden: exceeded quota' },
    ];
    const { lines } = rolloutOf('Deployment', workload({ status: { conditions } }), false);
    expect(lines).toEqual([
      '0 of 3 pods new, 0 available',
      'pods cannot be made: pods "x" is forbidden: exceeded quota',
    ]);
  });
});
