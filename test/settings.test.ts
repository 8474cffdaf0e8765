import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readSettings } from '../src/settings.ts';

const cwd = mkdtempSync(path.join(tmpdir(), 'hotfix-settings-'));
afterAll(() => rmSync(cwd, { recursive: true }));

test('an empty environment gives the standard settings', () => {
  expect(readSettings({ PORT: '', HOTFIX_CONFIG: '' }, cwd)).toEqual({
    port: 3000,
    host: '127.0.0.1',
    temporalPort: 7233,
    temporalUiPort: 8233,
    temporalUiUrl: undefined,
    dataDirectory: path.join(cwd, '.hotfix'),
    configFile: null,
    logLevel: 'info',
  });
});

test('what is set is used', () => {
  const settings = readSettings(
    {
      PORT: '8080',
      HOST: '0.0.0.0',
      TEMPORAL_PORT: '17233',
      TEMPORAL_UI_PORT: '18233',
      TEMPORAL_UI_URL: 'https://temporal.example.com/ui/',
      HOTFIX_DATA: '/var/lib/hotfix',
      HOTFIX_CONFIG: 'team/hotfix.yaml',
      LOG_LEVEL: 'debug',
    },
    cwd,
  );
  expect(settings).toEqual({
    port: 8080,
    host: '0.0.0.0',
    temporalPort: 17233,
    temporalUiPort: 18233,
    temporalUiUrl: 'https://temporal.example.com/ui',
    dataDirectory: '/var/lib/hotfix',
    configFile: path.join(cwd, 'team/hotfix.yaml'),
    logLevel: 'debug',
  });
});

test('a hotfix.yaml in the working directory is found', () => {
  const file = path.join(cwd, 'hotfix.yaml');
  writeFileSync(file, '');
  expect(readSettings({}, cwd).configFile).toBe(file);
  rmSync(file);
});

test('everything that is wrong is said at once, each with what it should be', () => {
  const env = { PORT: '99999', TEMPORAL_PORT: 'seven', LOG_LEVEL: 'loud', TEMPORAL_UI_URL: 'ui' };
  expect(() => readSettings(env, cwd)).toThrow(
    [
      'The environment variable PORT must be a port, a number from 1 to 65535; it is "99999".',
      'The environment variable TEMPORAL_PORT must be a port, a number from 1 to 65535; it is "seven".',
      'The environment variable TEMPORAL_UI_URL must be an address as https://temporal.example.com; it is "ui".',
      'The environment variable LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent; it is "loud".',
    ].join('\n'),
  );
});

test.each(['0', '-1', '3000.5', ' ', '1e3'])('PORT=%s is refused', (PORT) => {
  expect(() => readSettings({ PORT }, cwd)).toThrow(/PORT must be a port/);
});
