import { defineConfig } from 'vitest/config'

const project = (name: string, timeoutMs: number, parallel: boolean) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    fileParallelism: parallel,
    // llama.cpp's threads spin when cores are busy: one in tests.
    env: { CHRYSALIS_THREADS: '1' },
  },
})

export default defineConfig({
  test: {
    retry: 0,
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    maxWorkers: 2,
    projects: [
      project('unit', 10_000, true),
      project('contracts', 120_000, true),
      project('integration', 60_000, true),
      project('journey', 300_000, false),
    ],
  },
})
