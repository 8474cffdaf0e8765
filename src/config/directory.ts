import { timingSafeEqual } from 'node:crypto';
import type { Caller, Directory } from '../api/directory.ts';
import type { Config } from './schema.ts';
import { termsOf } from './terms.ts';
import { digestOf } from './tokens.ts';

export function createDirectory(config: Config): Directory {
  const callers = [...callersOf('person', config.people), ...callersOf('tool', config.tools)];
  const terms = new Map(
    Object.entries(config.services).map(([name, service]) => [name, termsOf(config, service)]),
  );
  const others = config.unknownServices === 'accept' ? termsOf(config) : 'unknown';
  return {
    open: callers.length === 0,
    callerOf: (token) => find(callers, digestOf(token)),
    termsOf: (service) => terms.get(service) ?? others,
  };
}

interface Entry {
  caller: Caller;
  digest: Buffer;
}

const callersOf = (
  kind: Caller['kind'],
  entries: Record<string, { token?: string[] | undefined }>,
): Entry[] =>
  Object.entries(entries).flatMap(([id, { token = [] }]) =>
    token.map((hash) => ({
      caller: { kind, id },
      digest: Buffer.from(hash.slice('sha256:'.length), 'hex'),
    })),
  );

/** Compares with every entry, in constant time, so that the time tells nothing of any of them. */
function find(entries: readonly Entry[], digest: Buffer): Caller | null {
  let found: Caller | null = null;
  for (const entry of entries) {
    if (timingSafeEqual(entry.digest, digest)) found = entry.caller;
  }
  return found;
}
