import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { attributes } from './searchAttributes.ts';

const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 100;

type Attribute = (typeof attributes)[keyof typeof attributes];

/** The namespace lacks search attributes and they cannot be added. The message says how to add them. */
export class SearchAttributesError extends Error {
  override name = 'SearchAttributesError';
}

/**
 * Sees to it that the namespace has the search attributes, and resolves when it has.
 * @throws SearchAttributesError when they cannot be added, or one exists with another type.
 */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<void> {
  try {
    const missing = await missingIn(connection, namespace);
    if (missing.length === 0) return;
    await add(connection, namespace, missing);
    await waitUntilThere(connection, namespace);
  } catch (error) {
    if (error instanceof SearchAttributesError) throw error;
    throw new SearchAttributesError(instruction(namespace, error));
  }
}

async function missingIn(connection: Connection, namespace: string): Promise<Attribute[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.values(attributes).filter(({ name, type }) => {
    const found = customAttributes[name];
    if (found === undefined) return true;
    if (found === codeOf(type)) return false;
    throw new SearchAttributesError(
      `The search attribute ${name} of the namespace "${namespace}" has another type than ` +
        `${TypedSearchAttributes.toMetadataType(type)}, which Hotfix needs: use another namespace.`,
    );
  });
}

const codeOf = (type: Attribute['type']) => encodeSearchAttributeIndexedValueType(type) ?? 0;

async function add(connection: Connection, namespace: string, missing: Attribute[]): Promise<void> {
  const searchAttributes = Object.fromEntries(
    missing.map(({ name, type }) => [name, codeOf(type)]),
  );
  await connection.operatorService
    .addSearchAttributes({ namespace, searchAttributes })
    .catch(async (error: unknown) => {
      // Another process may have added them since they were listed.
      if ((await missingIn(connection, namespace)).length > 0) throw error;
    });
}

/** Some servers take them in with a delay, and refuse workflows that use them until then. */
async function waitUntilThere(connection: Connection, namespace: string): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while ((await missingIn(connection, namespace)).length > 0) {
    if (performance.now() > giveUpAt) throw new Error('they did not appear within a minute');
    await sleep(LOOK_EVERY_MS);
  }
}

function instruction(namespace: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  const options = Object.values(attributes)
    .map(({ name, type }) => `--name ${name} --type ${TypedSearchAttributes.toMetadataType(type)}`)
    .join(' ');
  return (
    `The search attributes of Hotfix could not be added to the namespace "${namespace}" (${reason}). ` +
    `Add them with: temporal operator search-attribute create --namespace ${namespace} ${options}`
  );
}
