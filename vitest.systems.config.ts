import { defineConfig } from 'vitest/config';
import { base } from './vitest.config.ts';

/** The tests on real systems, which are built first: `npm run test:systems`. */
export default defineConfig({
  test: {
    ...base,
    globalSetup: 'test/systems/setup.ts',
    include: ['test/systems/**/*.test.ts'],
    // Each has processes of its own.
    maxWorkers: 2,
  },
});
