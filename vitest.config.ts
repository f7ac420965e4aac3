import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Suites that start real servers on loopback, from Debian's packages; `npm run test:servers` has them all. */
const servers = ["alerts", "dashboards", "deploy", "snmpd", "wireshark"] as const;

/** They end what hangs, and judge nobody's speed: whatever is waited for comes in a fraction of this on any machine. */
const limits = { testTimeout: 120_000, hookTimeout: 180_000, expect: { poll: { timeout: 60_000 } } };

const files = (folder: string) => `test/${folder}/**/*.test.ts`;

/** These hold to the clock what takes milliseconds or few seconds, or need the whole machine: nothing runs beside them. */
const alone = ["blackhole", "detection", "probe", "probe-flood"].map((name) => `test/routers/${name}.test.ts`);

/**
 * Real servers and routers, so many files at a time: they wait most of the time, and each has ports, folders and namespaces
 * of its own. A group begins when the one before has ended.
 */
const real = (name: string, groupOrder: number, atOnce: number, include: string[], exclude: string[] = []) => ({
  test: {
    ...{ name, include, exclude, maxWorkers: atOnce, sequence: { groupOrder } },
    ...limits,
  },
});

export default defineConfig({
  test: {
    projects: [
      {
        // Needs neither root, network nor servers.
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...servers, "routers"].map(files),
          ...limits,
          // vitest leaves a processor to itself, which is half of a machine that has two.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // Files share a process, as the parts of the agent do: a new one for each costs a third of the processor time.
          isolate: false,
        },
      },
      ...servers.map((name) => real(name, 1, 3, [files(name)])),
      real("routers", 2, 4, [files("routers")], alone),
      real("routers-alone", 3, 1, alone),
    ],
  },
});
