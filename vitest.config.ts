import { configDefaults, defineConfig } from 'vitest/config';

export const base = {
  globalSetup: 'test/support/build.ts',
  // The SDK's native part keeps threads and handles that worker threads cannot share.
  pool: 'forks',
  // Most files start a server of their own and wait for it more than they compute.
  maxWorkers: 3,
  // Each task of an incident replays it, which a busy machine takes its time for.
  testTimeout: 120_000,
  expect: { poll: { timeout: 20_000 } },
  hookTimeout: 180_000,
} as const;

export default defineConfig({
  test: {
    ...base,
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/systems/**'],
  },
});
