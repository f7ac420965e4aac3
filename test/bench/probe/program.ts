// The programs of the benchmark, each in its namespace, spoken to by messages.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { inNamespace } from "../../routers/lab/processes.ts";

function answer<T>(from: ChildProcess, file: string): Promise<T> {
  return new Promise((done, failed) => {
    const gone = () => failed(new Error(`${file} of the benchmark ended early; its message stands above`));
    from.once("exit", gone);
    from.once("message", (message) => {
      from.off("exit", gone);
      // An order without an answer is answered by null.
      done(message as T);
    });
  });
}

/** The environment of the systemd unit. */
export function asDeployed(): NodeJS.ProcessEnv {
  return { ...process.env, NODE_OPTIONS: "--v8-pool-size=1", MALLOC_ARENA_MAX: "1" };
}

export interface Program<Ready> {
  readonly pid: number;
  readonly ready: Ready;
  ask<T>(order: unknown): Promise<T>;
  stop(): Promise<void>;
}

/** Starts `file` (of this folder unless it says where it is) with one argument; it says by a message when it is ready. */
export async function startProgram<Ready>(namespace: string, file: string, argument: unknown): Promise<Program<Ready>> {
  const [command, args] = inNamespace(namespace, process.execPath, [
    resolve(import.meta.dirname, file),
    JSON.stringify(argument),
  ]);
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"], env: asDeployed() });
  const ready = await answer<Ready>(child, file);
  return {
    pid: child.pid ?? 0,
    ready,
    ask<T>(order: unknown) {
      const told = answer<T>(child, file);
      child.send(order as object);
      return told;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** User and system time of a process, all its threads and the children that have ended, in seconds; the kernel counts hundredths. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

/** Resident memory in MB: now, and at most so far. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1_024;
  return { now: of("VmRSS"), most: of("VmHWM") };
}
