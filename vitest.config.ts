import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: [
      "test/support/buildConsole.ts",
      "test/support/postgres.ts",
      "test/support/redis.ts",
      "test/support/collector.ts",
    ],
    setupFiles: ["test/support/holdToDeclared.ts"],
    pool: "forks",
    // Two files at a time: more forks than the two cores of CI only stretch the clocks that the tests measure.
    fileParallelism: true,
    maxWorkers: 2,
    // A condition in a browser or on another replica may take longer than Vitest's one second.
    expect: { poll: { timeout: 20_000 } },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    retry: 0,
    reporters: process.env["CI"] ? ["default", "json"] : ["default"],
    outputFile: { json: ".cache/test-report.json" },
  },
})
