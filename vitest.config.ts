import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// `unit` needs neither root, network nor servers; every other project starts
// real parts from Debian's packages and has its own npm script.
const project = (name: string, include: readonly string[], exclude: readonly string[] = []) => ({
  test: { name, include: [...include], exclude: [...exclude], environment: "node" as const },
});

/**
 * Real servers: generous limits, and so many files at a time. They wait for their servers most of the time, and each has
 * ports, folders and namespaces of its own.
 */
const withServers = (name: string, include: readonly string[], atOnce: number, exclude: readonly string[] = []) => {
  const { test } = project(name, include, exclude);
  return {
    test: {
      ...test,
      maxWorkers: atOnce,
      testTimeout: 120_000,
      hookTimeout: 180_000,
      expect: { poll: { timeout: 10_000 } },
    },
  };
};

/** These hold against the clock what takes milliseconds, or need the whole machine: nothing runs beside them. */
const aloneWithRouters = ["blackhole", "detection", "probe", "probe-flood"].map(
  (name) => `test/routers/${name}.test.ts`,
);

const servers = ["alerts", "dashboards", "deploy", "snmpd", "wireshark"] as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...project(
            "unit",
            ["test/**/*.test.ts"],
            [...servers, "routers"].map((name) => `test/${name}/**`),
          ).test,
          // vitest leaves a processor to itself, which is half of a machine that has two.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // Files share a process, as the parts of the agent do: a new one for each costs a third of the processor time.
          isolate: false,
        },
      },
      ...servers.map((name) => withServers(name, [`test/${name}/**/*.test.ts`], 3)),
      withServers("routers", ["test/routers/**/*.test.ts"], 4, aloneWithRouters),
      // One worker makes it the last group, so it begins when the others are done.
      withServers("routers-alone", aloneWithRouters, 1),
    ],
  },
});
