import { defineConfig } from 'vitest/config';

/** Shell scripts and units are imported as text, as esbuild does in the build. */
const shellAsText = {
  name: 'shell-as-text',
  transform: (code: string, id: string): string | undefined =>
    /\.(?:sh|service)$/.test(id) ? `export default ${JSON.stringify(code)};` : undefined,
};

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [shellAsText],
        define: { 'process.env.PROCMAN_VERSION': JSON.stringify('0.1.0') },
        test: {
          name: 'unit',
          include: ['{protocol,daemon,ctl}/src/**/*.test.ts'],
          maxWorkers: 2,
          testTimeout: 30_000,
        },
      },
      {
        plugins: [shellAsText],
        test: {
          name: 'integration',
          include: ['integration-tests/scenarios/**/*.test.ts'],
          // Real processes on a small machine, most of whose time is waiting: two files at a time.
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
