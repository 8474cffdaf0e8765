import { expect, test } from 'vitest';
import { applicationSchema } from '../../../../src/activities/deploy/argocd/application.ts';
import { infosOf, isRollbackTo } from '../../../../src/activities/deploy/argocd/operations.ts';
import { findRollback, targetOf } from '../../../../src/activities/deploy/argocd/rollback.ts';
import type { DeployRequest } from '../../../../src/activities/deploy/types.ts';
import { deployStep } from '../../support.ts';

const deployed: DeployRequest = { ...deployStep(), action: 'deploy' };
const before = { version: 'a1', restore: { id: '4', version: 'a1', health: 'Healthy' } };
const request: DeployRequest = {
  ...deployed,
  action: 'rollback',
  idempotencyKey: 'hotfix-INC-1-rollback-production-1',
  undoes: deployed.idempotencyKey,
  before,
};

const entry = (id: number, revision: string, path = 'deploy') => ({
  id,
  revision,
  source: { path },
  deployedAt: '2026-11-03T10:00:00Z',
  initiatedBy: { username: 'ana' },
});
const history = [entry(4, 'a1'), entry(5, 'b2')];

const syncOfOurs = { sync: { revision: 'b2' }, info: infosOf(deployed, before) };
const rollbackOfOurs = {
  sync: { revision: 'a1', syncStrategy: { apply: {} } },
  initiatedBy: { username: 'hotfix' },
};
const theirs = { sync: { revision: 'c3' }, initiatedBy: { username: 'ben' } };

const state = (operation: object, phase = 'Succeeded') => ({
  operation,
  phase,
  startedAt: '2026-11-03T10:00:00Z',
});

const application = (status: object, more: { operation?: object; spec?: object } = {}) =>
  applicationSchema.parse({ spec: {}, ...more, status: { history, ...status } });

const told = (one: ReturnType<typeof application>, change: Partial<DeployRequest> = {}) => {
  try {
    return targetOf(one, { ...request, ...change }, 'shop').id;
  } catch (error) {
    return error;
  }
};

test('where the deploy is the last operation, it goes back to the entry of before', () => {
  expect(told(application({ operationState: state(syncOfOurs) }))).toBe(4);
  // It has failed, and left no entry.
  const failed = { operationState: state(syncOfOurs, 'Failed'), history: [entry(4, 'a1')] };
  expect(told(application(failed))).toBe(4);
});

test('what was before is read from the sync, where nobody hands it over', () => {
  const { before: _, ...rest } = request;
  const one = application({ operationState: state(syncOfOurs) });
  expect(targetOf(one, rest, 'shop').id).toBe(4);
});

test.each([
  ['the deploy found nothing', { info: infosOf(deployed, undefined) }],
  [
    'what its sync has kept is not legible',
    { info: [...infosOf(deployed, undefined), { name: 'Hotfix before', value: '{' }] },
  ],
])('nothing to go back to: %s', (_, { info }) => {
  const { before: __, ...rest } = request;
  const one = application({ operationState: state({ ...syncOfOurs, info }) });
  expect(() => targetOf(one, rest, 'shop')).toThrow(
    expect.objectContaining({ type: 'NothingToGoBackTo', nonRetryable: true }),
  );
});

test.each([
  [
    'somebody else came since',
    { operationState: state(theirs), history: [...history, entry(6, 'c3')] },
  ],
  ['somebody else has tried since', { operationState: state(theirs, 'Failed') }],
  [
    'the same revision by another source',
    { operationState: state(theirs), history: [...history, entry(6, 'b2', 'elsewhere')] },
  ],
  [
    'the entry of the deploy is gone',
    { operationState: state(theirs), history: [entry(4, 'a1'), entry(6, 'b2')] },
  ],
])('is refused where %s', (_, status) => {
  expect(told(application(status))).toMatchObject({
    type: 'Refused',
    nonRetryable: true,
    message: expect.stringMatching(
      /not rolled back to a1.*that is (b2|c3) \(history entry \d, by ana/,
    ),
  });
});

test('others came since, and what the deploy put there is live again', () => {
  const status = {
    operationState: state(theirs),
    history: [...history, entry(6, 'c3'), entry(7, 'b2')],
  };
  expect(told(application(status))).toBe(4);
});

test.each([
  [{}, false],
  [{ enabled: true }, false],
  [{ enabled: false }, true],
])('automated sync of %o lets it go back: %s', (automated, goes) => {
  const one = application(
    { operationState: state(syncOfOurs) },
    { spec: { syncPolicy: { automated } } },
  );
  if (goes) expect(told(one)).toBe(4);
  else
    expect(told(one)).toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('Automated sync is on'),
    });
});

test.each([
  ['none, but the deploy', application({ operationState: state(syncOfOurs) }), false],
  ['under way', application({}, { operation: rollbackOfOurs }), true],
  [
    'over',
    application({ operationState: state(rollbackOfOurs), history: [...history, entry(6, 'a1')] }),
    true,
  ],
  ['failed', application({ operationState: state(rollbackOfOurs, 'Failed') }), true],
  [
    'the one that made the entry',
    application({ operationState: state(rollbackOfOurs), history: [entry(4, 'a1')] }),
    false,
  ],
  [
    "somebody else's",
    application({ operationState: state({ ...rollbackOfOurs, initiatedBy: { username: 'ben' } }) }),
    false,
  ],
])('a rollback that has begun: %s', (_, one, isFound) => {
  expect(findRollback(one, request, 'hotfix') !== undefined).toBe(isFound);
});

test.each([
  ['another revision', { sync: { ...rollbackOfOurs.sync, revision: 'c3' } }],
  ['a sync with hooks', { sync: { revision: 'a1' } }],
  ['a rehearsal', { sync: { ...rollbackOfOurs.sync, dryRun: true } }],
  ['a part of it', { sync: { ...rollbackOfOurs.sync, resources: [{ kind: 'Service' }] } }],
  ['a sync of this program', { info: infosOf(deployed, before) }],
  ['automated sync', { initiatedBy: { automated: true } }],
])('is no rollback of this account: %s', (_, change) => {
  expect(isRollbackTo(rollbackOfOurs, 'a1', 'hotfix')).toBe(true);
  expect(isRollbackTo({ ...rollbackOfOurs, ...change }, 'a1', 'hotfix')).toBe(false);
});
