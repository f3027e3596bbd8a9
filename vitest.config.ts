import { defineConfig } from "vitest/config";

const beside = "{domain,events,functions,runtime,services,state,cli,lab,load,scripts}/**/*.test.ts";

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2, // a worker has its own Redis database, and there are two cores where it has to work
    testTimeout: 20_000,
    hookTimeout: 30_000,
    setupFiles: ["scripts/test/setup.ts"],
    projects: [
      { extends: true, test: { name: "unit", include: [beside], sequence: { groupOrder: 0 } } },
      // What crosses a boundary shares one broker and one store, whose queues have fixed names: one file at a time.
      {
        extends: true,
        test: {
          name: "system",
          include: ["test/**/*.test.ts"],
          exclude: ["test/real/**"],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      // Real parts of the platforms, built by `npm run test:real`; no part of `npm test`.
      { extends: true, test: { name: "real", include: ["test/real/**/*.test.ts"], fileParallelism: false, sequence: { groupOrder: 2 } } },
    ],
  },
});
