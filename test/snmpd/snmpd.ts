// Debian's snmpd on loopback, without root: its own configuration, port and persistent directory.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { milliseconds } from "../../agent/lib/duration.ts";
import type { TimeoutLimits } from "../../agent/net/snmp-timeout.ts";
import { freePort } from "../support/ports.ts";

export interface Snmpd {
  readonly port: number;
  /** The file to which it writes its users' keys. */
  persistent(): Promise<string>;
  /** Ends it as an operator does, so that it writes its state, and starts it again on the same port; `lines` replace its configuration. */
  restart(options?: { readonly forgetful?: boolean; readonly lines?: readonly string[] }): Promise<void>;
  stop(): Promise<void>;
}

const binary = "/usr/sbin/snmpd";

export async function startSnmpd(lines: readonly string[]): Promise<Snmpd> {
  if (spawnSync(binary, ["-v"]).error !== undefined) {
    throw new Error("snmpd is missing. Run: apt-get install --no-install-recommends snmpd");
  }
  const dir = await mkdtemp(join(tmpdir(), "snmpd-"));
  const state = join(dir, "var");
  const log = join(dir, "log");
  const port = await freePort();
  await configure(lines);
  let child = await launch();

  function configure(given: readonly string[]): Promise<void> {
    const all = [`agentAddress udp:127.0.0.1:${port}`, "exactEngineID 0x80001f8804616263", ...given, ""];
    return writeFile(join(dir, "snmpd.conf"), all.join("\n"));
  }

  async function launch(): Promise<ChildProcess> {
    // Without var in SNMPCONFPATH the persistent state is written and never read back.
    const env = { ...process.env, SNMPCONFPATH: `${dir}:${state}`, SNMP_PERSISTENT_DIR: state, MIBS: "" };
    // The options keep it in the foreground, its modules few, and its log in a file.
    const started = spawn(binary, ["-f", "-I", "-smux", "-LF", "0-6", log], { env, stdio: "ignore" });
    const until = performance.now() + 20_000;
    while (!(await isListening())) {
      if (started.exitCode !== null || performance.now() > until) {
        throw new Error(`snmpd did not start: ${await readFile(log, "utf8").catch(() => "no log")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return started;
  }

  /** It logs its version once it listens. */
  async function isListening(): Promise<boolean> {
    return (await readFile(log, "utf8").catch(() => "")).includes("NET-SNMP version");
  }

  async function end(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    }
    await rm(log, { force: true });
  }

  return {
    port,
    persistent: () => readFile(join(state, "snmpd.conf"), "utf8"),
    async restart({ forgetful = false, lines: changed } = {}) {
      await end();
      if (changed !== undefined) await configure(changed);
      if (forgetful) await rm(state, { recursive: true, force: true });
      child = await launch();
    },
    async stop() {
      await end();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** How long a client waits for an answer, whatever it has measured. */
export function patient(ms: number): TimeoutLimits {
  return { initial: milliseconds(ms), floor: milliseconds(ms), cap: milliseconds(ms) };
}
