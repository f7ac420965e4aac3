import { defineConfig } from "vitest/config";

// `unit` needs neither root, network nor servers; every other project starts
// real parts from Debian's packages and has its own npm script.
const project = (name: string, include: readonly string[], exclude: readonly string[] = []) => ({
  test: { name, include: [...include], exclude: [...exclude], environment: "node" as const },
});

/** Real servers: generous limits, and one file after another so that they do not starve each other. */
const withServers = (name: string, include: readonly string[]) => {
  const base = project(name, include);
  return { test: { ...base.test, fileParallelism: false, testTimeout: 120_000, hookTimeout: 180_000 } };
};

export default defineConfig({
  test: {
    projects: [
      project(
        "unit",
        ["test/**/*.test.ts"],
        [
          "test/routers/**",
          "test/alerts/**",
          "test/dashboards/**",
          "test/deploy/**",
          "test/snmpd/**",
          "test/wireshark/**",
        ],
      ),
      withServers("alerts", ["test/alerts/**/*.test.ts"]),
      withServers("dashboards", ["test/dashboards/**/*.test.ts"]),
      withServers("deploy", ["test/deploy/**/*.test.ts"]),
      withServers("snmpd", ["test/snmpd/**/*.test.ts"]),
      withServers("wireshark", ["test/wireshark/**/*.test.ts"]),
      withServers("routers", ["test/routers/**/*.test.ts"]),
    ],
  },
});
