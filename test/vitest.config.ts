// unit and property are quick and parallel; simulation is one thread of its own; e2e starts real
// processes, one file at a time, because the machine is shared and ports, state folders and patience are
// finite. guest boots a host with a kernel of its own, whose processor is emulated where the machine's own
// does not help: `npm test` runs it beside all others. upgrade changes a
// cluster of five hosts while clients count what they notice: by itself (`npm run test:upgrade`).
import { defineConfig } from 'vitest/config';

const root = new URL('..', import.meta.url).pathname;

export default defineConfig({
  root,
  test: {
    // What is polled for comes, or does not: a second is nothing on a busy machine.
    expect: { poll: { timeout: 30_000, interval: 20 } },
    projects: [
      {
        root,
        test: {
          name: 'unit',
          environment: 'node',
          include: ['test/unit/**/*.test.ts', 'test/*.test.ts', 'test/transcripts/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        root,
        test: {
          name: 'property',
          environment: 'node',
          include: ['test/property/**/*.test.ts', 'test/mutations/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
      {
        root,
        test: {
          name: 'simulation',
          environment: 'node',
          include: ['test/simulation/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 30_000,
        },
      },
      {
        root,
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ['test/e2e/guest.test.ts', 'test/e2e/upgrade.test.ts'],
          fileParallelism: false,
          testTimeout: 15 * 60_000,
          // A file that is run by itself may have everything to build first.
          hookTimeout: 45 * 60_000,
        },
      },
      {
        root,
        test: {
          name: 'guest',
          environment: 'node',
          include: ['test/e2e/guest.test.ts'],
          testTimeout: 15 * 60_000,
          hookTimeout: 45 * 60_000,
        },
      },
      {
        root,
        test: {
          name: 'upgrade',
          environment: 'node',
          include: ['test/e2e/upgrade.test.ts'],
          testTimeout: 15 * 60_000,
          hookTimeout: 45 * 60_000,
        },
      },
    ],
  },
});
