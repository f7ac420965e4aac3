// Commands and daemons of the lab. A daemon that died may stay a zombie where nothing reaps it, and
// `kill -0` succeeds on a zombie: whether a process lives is read from /proc.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { until } from "./until.ts";

/** Debian keeps half of what the lab needs in sbin, which is not in everybody's PATH. */
const path = `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;

type Environment = Readonly<Record<string, string>>;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Environment;
  /** Milliseconds after which the command is killed; default 30 s. */
  readonly timeout?: number;
}

/** Runs a command to its end, whatever its exit code; code -1 when it did not start or was killed. */
export function attempt(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      command,
      [...args],
      {
        env: { ...process.env, PATH: path, ...options.env },
        timeout: options.timeout ?? 30_000,
        killSignal: "SIGKILL",
        maxBuffer: 64 << 20,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ code, stdout, stderr: stderr === "" && error !== null ? error.message : stderr });
      },
    );
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input ?? "");
  });
}

/** Runs a command that must succeed; gives its standard output. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await attempt(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}: ${(stderr || stdout).trim()}`);
  return stdout;
}

/** A command line that runs in a network namespace. */
export function inNamespace(namespace: string, command: string, args: readonly string[]): [string, readonly string[]] {
  return ["ip", ["netns", "exec", namespace, command, ...args]];
}

export interface Running {
  readonly name: string;
  readonly pid: number;
  /** Standard output and error of the process. */
  readonly log: string;
  stop(): Promise<void>;
}

/** Starts a foreground program in a namespace (`ip netns exec` becomes it, so the pid is its own). */
export function startIn(
  namespace: string,
  program: {
    readonly name: string;
    readonly command: string;
    readonly args: readonly string[];
    readonly log: string;
    readonly env?: Environment;
  },
): Running {
  const out = openSync(program.log, "a");
  const [command, args] = inNamespace(namespace, program.command, program.args);
  const child: ChildProcess = spawn(command, args, {
    stdio: ["ignore", out, out],
    env: { ...process.env, PATH: path, ...program.env },
  });
  closeSync(out);
  child.on("error", () => {});
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program.name} did not start`);
  return { name: program.name, pid, log: program.log, stop: () => terminate(pid) };
}

/** Whether a process runs; a zombie does not. */
export function alive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name stands in parentheses and may itself hold some.
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** CONT first (a stopped process ignores TERM), TERM, and KILL after 10 s. */
export async function terminate(pid: number): Promise<void> {
  if (!alive(pid)) return;
  signal(pid, "SIGCONT");
  signal(pid, "SIGTERM");
  const gone = () => !alive(pid);
  try {
    await until(`process ${pid} ends on TERM`, gone, { within: 10_000, every: 20 });
  } catch {
    signal(pid, "SIGKILL");
    await until(`process ${pid} ends on KILL`, gone, { within: 10_000, every: 20 });
  }
}

/** The pid that a daemon wrote; undefined when the file is not there (yet). */
export function readPid(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
    return pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}
