import { defineConfig } from "vitest/config";

const project = (name: string, include: string[], exclude: string[] = []) => ({
  // Forks: a test's main thread is its process's, so that a network namespace it enters is its own
  test: {
    name,
    include,
    exclude,
    pool: "forks" as const,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: { TZ: "UTC" },
  },
});

export default defineConfig({
  test: {
    // All processors: much of a system test is waiting
    maxWorkers: "100%",
    projects: [
      project("unit", ["test/**/*.test.ts"], ["test/system/**", "test/peers/**", "test/corpus/**"]),
      project("system", ["test/system/**/*.test.ts"]),
      project("peers", ["test/peers/**/*.test.ts"]),
      project("corpus", ["test/corpus/**/*.test.ts"]),
    ],
  },
});
