import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import getPort from 'get-port';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  connectClient,
  connectWorker,
  embeddedServer,
  namedServer,
  TemporalConnectionError,
} from '../../src/temporal/connection.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'hotfix-connection-'));
const file = path.join(directory, 'temporal.toml');
const nowhere = { TEMPORAL_CONFIG_FILE: path.join(directory, 'none.toml') };
afterAll(() => rmSync(directory, { recursive: true }));

describe('which server is named', () => {
  // The standard profile of whoever runs the tests must not be read.
  beforeEach(() => {
    vi.stubEnv('XDG_CONFIG_HOME', directory);
    vi.stubEnv('HOME', directory);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('none, in an empty environment', () => {
    expect(namedServer({ TEMPORAL_ADDRESS: '', HOME: directory })).toBeNull();
  });

  test('TEMPORAL_ADDRESS alone', () => {
    expect(namedServer({ TEMPORAL_ADDRESS: 'temporal:7233' })).toMatchObject({
      namespace: 'default',
      options: { address: 'temporal:7233', tls: undefined, apiKey: undefined },
    });
  });

  test('an API key turns TLS on', () => {
    const env = {
      TEMPORAL_ADDRESS: 'cloud:7233',
      TEMPORAL_NAMESPACE: 'hotfix.a1b2c',
      TEMPORAL_API_KEY: 'key',
    };
    expect(namedServer(env)).toMatchObject({
      namespace: 'hotfix.a1b2c',
      options: { address: 'cloud:7233', tls: true, apiKey: 'key' },
    });
  });

  test('a profile with a client certificate', () => {
    writeFileSync(
      file,
      '[profile.prod]\naddress = "prod:7233"\nnamespace = "prod"\n' +
        '[profile.prod.tls]\nclient_cert_data = "CERT"\nclient_key_data = "KEY"\nserver_name = "prod"\n',
    );
    const server = namedServer({ TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'prod' });
    expect(server).toMatchObject({
      namespace: 'prod',
      options: { address: 'prod:7233', tls: { serverNameOverride: 'prod' } },
    });
  });

  test('a profile that does not exist, or has no address, is said', () => {
    writeFileSync(file, '[profile.prod]\nnamespace = "prod"\n');
    const env = { TEMPORAL_CONFIG_FILE: file };
    expect(() => namedServer({ ...env, TEMPORAL_PROFILE: 'staging' })).toThrow(/staging/);
    expect(() => namedServer({ ...env, TEMPORAL_PROFILE: 'prod' })).toThrow(
      'The Temporal profile "prod" has no address: add one to it, or set TEMPORAL_ADDRESS.',
    );
    expect(() => namedServer(nowhere)).toThrow(/has no address/);
  });

  test('a file that cannot be parsed is said without quoting the keys in it', () => {
    writeFileSync(file, '[profile.default]\napi_key = "s3cret" oops\n');
    const reading = (): unknown => namedServer({ TEMPORAL_CONFIG_FILE: file });
    expect(reading).toThrow(/check TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE/);
    expect(reading).not.toThrow(/s3cret/);
  });
});

test('a server that does not answer is said, with what to check', async () => {
  const server = embeddedServer(`127.0.0.1:${await getPort()}`);
  for (const result of await Promise.allSettled([connectClient(server), connectWorker(server)])) {
    const error: unknown = result.status === 'rejected' ? result.reason : undefined;
    expect(error).toBeInstanceOf(TemporalConnectionError);
    expect(String(error)).toMatch(
      /does not answer \([\w ]+\): check that it runs, and TEMPORAL_ADDRESS/,
    );
  }
}, 30_000);
