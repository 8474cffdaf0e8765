import { expect, test } from 'vitest';
import {
  type Application,
  applicationSchema,
  liveOf,
} from '../../../../src/activities/deploy/argocd/application.ts';
import { isSyncOf } from '../../../../src/activities/deploy/argocd/operations.ts';
import { outputOf, verdictOf } from '../../../../src/activities/deploy/argocd/verdict.ts';

const ours = { sync: { revision: 'b2' }, info: [{ name: 'Hotfix step', value: 'key' }] };
const theirs = { sync: { revision: 'c3' }, initiatedBy: { username: 'ben' } };

const stateOf = (phase: string, more: object = {}) => ({
  operation: ours,
  phase,
  startedAt: '2026-11-03T10:00:00Z',
  syncResult: { revision: 'b2', resources: [] },
  ...more,
});

const done = stateOf('Succeeded', { finishedAt: '2026-11-03T10:01:00Z' });
const compared = '2026-11-03T10:01:00Z';

const application = (status: object, operation?: object): Application =>
  applicationSchema.parse({ spec: {}, status, ...(operation && { operation }) });

const judge = (one: Application, wasSuspended = false) =>
  verdictOf(one, {
    what: 'The deploy of v2',
    isOurs: (operation) => isSyncOf(operation, 'key'),
    wasSuspended,
  });

test.each([
  ['asked for, and not begun', {}, /Argo CD has it, and has not begun/],
  ['begun', { operationState: stateOf('Running') }, /^Running$/],
  [
    'waiting for a hook',
    {
      operationState: stateOf('Running', {
        message: 'waiting for hook',
        syncResult: {
          revision: 'b2',
          resources: [
            { kind: 'Service', namespace: 'shop', name: 'web', status: 'Synced' },
            { kind: 'Job', name: 'migrate', hookPhase: 'Running' },
          ],
        },
      }),
    },
    /^Running, 1 of 2 resources: waiting for hook\nService shop\/web: Synced\nJob migrate: Running$/,
  ],
  ['being terminated', { operationState: stateOf('Terminating') }, /^Terminating$/],
])('an operation under way: %s', (_, status, progress) => {
  expect(judge(application(status, ours))).toEqual({
    state: 'going',
    progress: expect.stringMatching(progress),
  });
});

test.each([
  [
    'Failed',
    'one or more tasks failed',
    /has failed in Argo CD \(Failed: "one or more tasks failed"\)/,
  ],
  ['Error', 'ComparisonError: no such path', /has failed in Argo CD \(Error: "ComparisonError/],
  ['Failed', 'container terminated: exit 1', /has failed in Argo CD/],
  ['Failed', 'Operation terminated', /was terminated in Argo CD, not from here/],
  [
    'Failed',
    'Operation terminated, triggered by controller sync timeout',
    /was terminated.*controller sync timeout/,
  ],
])('an operation that has ended: %s, %s', (phase, message, summary) => {
  const operationState = stateOf(phase, { message, finishedAt: compared });
  expect(judge(application({ operationState }))).toEqual({
    state: 'over',
    outcome: 'failed',
    summary: expect.stringMatching(summary),
  });
});

test.each([
  ['by one under way', application({ operationState: done }, theirs), /of ben to c3 has taken/],
  [
    'by one that is over',
    application({ operationState: { ...done, operation: theirs } }),
    /of ben to c3 has taken/,
  ],
  ['by nothing', application({}), /no longer knows of it/],
])('an operation that is replaced %s', (_, one, summary) => {
  expect(judge(one)).toEqual({
    state: 'over',
    outcome: 'failed',
    summary: expect.stringMatching(summary),
  });
});

test.each([
  ['Healthy', undefined],
  ['Degraded', undefined],
  ['Healthy', '2026-11-03T10:00:59Z'],
])('health of before the end says nothing: %s at %s', (status, reconciledAt) => {
  const one = application({ operationState: done, health: { status }, reconciledAt });
  expect(judge(one)).toEqual({
    state: 'going',
    progress: 'It is synced to b2; Argo CD has not looked at its health since.',
  });
});

const settled = (health: object, more: object = {}) =>
  application({ operationState: done, reconciledAt: compared, health, ...more });

test('healthy, and the same as its target or not', () => {
  const over = { state: 'over', outcome: 'succeeded' };
  const same = settled({ status: 'Healthy' }, { sync: { status: 'Synced', revision: 'b2' } });
  expect(judge(same)).toEqual({ ...over, summary: 'The deploy of v2 has synced to b2: Healthy.' });
  const other = settled({ status: 'Healthy' }, { sync: { status: 'OutOfSync', revision: 'a1' } });
  expect(judge(other)).toEqual({
    ...over,
    summary: expect.stringMatching(/Healthy\. Argo CD shows it OutOfSync with a1: leave automated/),
  });
});

test.each([
  ['Degraded', 'ailing'],
  ['Missing', 'ailing'],
  ['Progressing', 'going'],
  ['Unknown', 'going'],
  ['', 'going'],
  ['Suspended', 'going'],
])('%s is %s, and says what of it', (status, state) => {
  const resources = [
    { kind: 'Service', name: 'web', health: { status: 'Healthy' } },
    { kind: 'ConfigMap', name: 'web' },
    { kind: 'Deployment', name: 'web', health: { status: 'Degraded', message: 'no image' } },
  ];
  const verdict = judge(settled({ status }, { resources }));
  expect(verdict).toMatchObject({ state });
  expect(JSON.stringify(verdict)).toContain('Deployment web: Degraded (no image)');
  expect(JSON.stringify(verdict)).not.toContain('Service');
});

test('Suspended as before is an end', () => {
  expect(judge(settled({ status: 'Suspended' }), true)).toMatchObject({
    outcome: 'succeeded',
    summary: expect.stringContaining('Suspended, as before'),
  });
});

test('of several sources all revisions, and one line for each resource', () => {
  const syncResult = {
    revisions: ['a1', 'b2'],
    resources: [
      { kind: 'Service', namespace: 'shop', name: 'web', status: 'Synced', message: 'configured' },
      { kind: 'Job', name: 'migrate', hookPhase: 'Succeeded' },
    ],
  };
  const one = settled({ status: 'Healthy' }, { operationState: { ...done, syncResult } });
  expect(judge(one)).toMatchObject({ summary: expect.stringContaining('synced to a1, b2:') });
  expect(outputOf(one)).toBe('Service shop/web: Synced configured\nJob migrate: Succeeded');
});

test('what is live is the newest entry of the history', () => {
  expect(liveOf(application({}))).toBeUndefined();
  const history = [
    { id: 7, revision: 'a1', deployedAt: compared },
    { id: 8, revisions: ['b2', 'c3'], deployedAt: compared },
  ];
  expect(liveOf(settled({ status: 'Healthy' }, { history }))).toEqual({
    version: 'b2, c3',
    restore: { id: '8', version: 'b2, c3', health: 'Healthy' },
  });
});
