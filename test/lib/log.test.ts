import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const log = JSON.stringify(fileURLToPath(new URL("../../agent/lib/log.ts", import.meta.url)));
// So many kilobytes of lines, and what the process keeps of them; then the exit code says whether it is still there.
const program = (kilobytes: number) => `
  const { createLogger } = await import(${log});
  const logger = createLogger("info");
  const before = process.memoryUsage().rss;
  for (let i = 0; i < ${kilobytes}; i++) {
    logger.warn({ i }, "x".repeat(1_000));
    if (i % 100 === 0) process.stdout.write("y".repeat(1_000));
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  process.exitCode = process.memoryUsage().rss - before < 30e6 ? 42 : 43;`;

/** Runs it with one descriptor on a device that is always full. */
function runWith(full: "stdout" | "stderr", kilobytes: number) {
  const device = openSync("/dev/full", "w");
  const stdio = ["ignore", full === "stdout" ? device : "pipe", full === "stderr" ? device : "pipe"] as const;
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program(kilobytes)], {
    stdio: [...stdio],
    encoding: "utf8",
    maxBuffer: 100e6,
  });
  closeSync(device);
  return ended;
}

describe("what is logged", () => {
  it("does not end the process when standard error is on a full disk, nor fill its memory", () => {
    const { status, signal } = runWith("stderr", 40_000);
    expect({ status, signal }).toEqual({ status: 42, signal: null });
  });

  it("is all there when standard output is on a full disk, and the process too", () => {
    const { status, signal, stderr } = runWith("stdout", 200);
    expect({ status, signal, lines: stderr.split("\n").length }).toEqual({ status: 42, signal: null, lines: 201 });
  });
});
