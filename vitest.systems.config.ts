import { defineConfig } from 'vitest/config';
import { base } from './vitest.config.ts';

/** The tests on real systems that must be built first: `npm run test:systems`. */
export default defineConfig({
  test: {
    ...base,
    include: ['test/systems/**/*.test.ts'],
    // One system at a time, since each has processes of its own; and a cold build takes minutes.
    maxWorkers: 1,
    hookTimeout: 1_800_000,
  },
});
