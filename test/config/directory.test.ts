import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createDirectory } from '../../src/config/directory.ts';
import { parseConfig } from '../../src/config/load.ts';
import { createToken, hashOf } from '../../src/config/tokens.ts';
import { everyPerson, everyRole, hashFor } from './support.ts';

const directoryOf = (people: object, tools: object = {}) =>
  createDirectory(
    parseConfig(stringify({ people: { ...everyPerson, ...people }, tools, roles: everyRole }), {}),
  );

test('a token names its person or its tool, and nobody else', () => {
  const [hers, its] = [createToken(), createToken()];
  const directory = directoryOf(
    { zoe: { name: 'Zoe', token: hashOf(hers) } },
    { pager: { token: hashOf(its).toUpperCase().replace('SHA', 'sha') } },
  );
  expect(directory.open).toBe(false);
  expect(directory.callerOf(hers)).toEqual({ kind: 'person', id: 'zoe' });
  expect(directory.callerOf(its)).toEqual({ kind: 'tool', id: 'pager' });
  for (const other of ['', createToken(), hers.slice(0, -1), `${hers} `, hashOf(hers)]) {
    expect(directory.callerOf(other)).toBeNull();
  }
});

test('while a token is replaced both are good; then the old one is not', () => {
  const [old, next] = [createToken(), createToken()];
  const during = directoryOf({ zoe: { name: 'Zoe', token: [hashOf(old), hashOf(next)] } });
  expect([old, next].map((token) => during.callerOf(token)?.id)).toEqual(['zoe', 'zoe']);
  const after = directoryOf({ zoe: { name: 'Zoe', token: [hashOf(next)] } });
  expect([old, next].map((token) => after.callerOf(token)?.id)).toEqual([undefined, 'zoe']);
});

test('without tokens the service is open, whoever is in the file', () => {
  const directory = createDirectory(parseConfig('people: { ana: { name: Ana } }', {}));
  expect(directory.open).toBe(true);
  expect(directory.callerOf(createToken())).toBeNull();
});

test('a token is 256 random bits with a prefix, and its hash is the SHA-256', () => {
  const tokens = Array.from({ length: 100 }, createToken);
  expect(new Set(tokens).size).toBe(100);
  for (const token of tokens) {
    expect(token).toMatch(/^hfx_[\w-]{43}$/);
    expect(hashOf(token)).toBe(hashFor(token));
  }
});
