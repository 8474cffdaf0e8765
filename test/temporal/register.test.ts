import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerSearchAttributes } from '../../src/temporal/register.ts';
import { attributes } from '../../src/temporal/searchAttributes.ts';
import { startTemporal, type TestTemporal } from '../support/temporal.ts';

let temporal: TestTemporal;
const names = Object.values(attributes).map(({ name }) => name);

beforeAll(async () => {
  temporal = await startTemporal();
});
afterAll(() => temporal.stop());

async function namespace(name: string): Promise<string> {
  const { workflowService, operatorService } = temporal.connection;
  await workflowService.registerNamespace({
    namespace: name,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  // The server's frontend learns of a new namespace with a delay.
  for (;;) {
    const known = await operatorService.listSearchAttributes({ namespace: name }).then(
      () => true,
      () => false,
    );
    if (known) return name;
    await sleep(100);
  }
}

async function registered(name: string): Promise<string[]> {
  const { customAttributes } = await temporal.connection.operatorService.listSearchAttributes({
    namespace: name,
  });
  return Object.keys(customAttributes).filter((key) => key.startsWith('Hotfix'));
}

test('the embedded server has them from the start', async () => {
  expect((await registered('default')).sort()).toEqual([...names].sort());
  await expect(registerSearchAttributes(temporal.connection, 'default')).resolves.toBeUndefined();
});

test('a namespace gets them, also by several processes at once, and again', async () => {
  const name = await namespace('fresh');
  const register = () => registerSearchAttributes(temporal.connection, name);
  await Promise.all([register(), register()]);
  await register();
  expect((await registered(name)).sort()).toEqual([...names].sort());
});

test('one of another type is said', async () => {
  const name = await namespace('taken');
  const INT = 3;
  await temporal.connection.operatorService.addSearchAttributes({
    namespace: name,
    searchAttributes: { HotfixStatus: INT },
  });
  await expect(registerSearchAttributes(temporal.connection, name)).rejects.toThrow(
    'The search attribute HotfixStatus of the namespace "taken" has another type than Keyword, ' +
      'which Hotfix needs: use another namespace.',
  );
});

test('where they cannot be added, the command that adds them is said', async () => {
  await expect(registerSearchAttributes(temporal.connection, 'no-such')).rejects.toThrow(
    /temporal operator search-attribute create --namespace no-such .*--name HotfixWaitingFor --type KeywordList/,
  );
});
