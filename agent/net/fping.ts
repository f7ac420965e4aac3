// fping as a child: lines in, a word when it ends. It pings where this process cannot.

import { type ChildProcess, spawn } from "node:child_process";
import { longestFpingLine } from "../wire/fping.ts";

/** What all targets of one child have in common; fping's options of the same meaning. */
export interface FpingProfile {
  readonly family: 4 | 6;
  /** Milliseconds, whole; `timeout` not above `interval`, or fping miscounts. */
  readonly interval: number;
  readonly timeout: number;
  readonly source: string | undefined;
  readonly interface: string | undefined;
  readonly dscp: number;
  /** Octets of payload. */
  readonly size: number;
  readonly dontFragment: boolean;
}

export interface FpingHandlers {
  line(text: string): void;
  /** It ended by itself: `why` is one line for people. */
  ended(why: string): void;
}

/** The least distance of two probes that fping allows to everybody, in ms. */
const leastGap = 1;

export function fpingArguments(profile: FpingProfile, addresses: readonly string[]): readonly string[] {
  const { family, interval, timeout, source, interface: name, dscp, size, dontFragment } = profile;
  const gap = Math.max(leastGap, Math.floor(interval / addresses.length));
  return [
    ...["-l", `-${family}`, "-p", String(interval), "-t", String(timeout), "-i", String(gap), "-b", String(size)],
    ...(source === undefined ? [] : ["-S", source]),
    ...(name === undefined ? [] : ["-I", name]),
    ...(dscp === 0 ? [] : ["-O", String(dscp << 2)]),
    ...(dontFragment ? ["-M"] : []),
    ...addresses,
  ];
}

/** Starts it; the returned function ends it, and nothing is told afterwards. */
export function startFping(
  profile: FpingProfile,
  addresses: readonly string[],
  handlers: FpingHandlers,
  command = "fping",
): () => void {
  const child: ChildProcess = spawn(command, fpingArguments(profile, addresses), { stdio: ["ignore", "pipe", "pipe"] });
  let stopped = false;
  let complaint = "";
  const end = (why: string) => {
    if (stopped) return;
    stopped = true;
    handlers.ended(why);
  };
  const read = (take: (line: string) => void) => {
    let rest = "";
    return (chunk: Buffer) => {
      const lines = (rest + chunk.toString("latin1")).split("\n");
      // What is longer is no line of fping's, and must not fill the memory.
      rest = (lines.pop() ?? "").slice(0, longestFpingLine + 1);
      if (!stopped) lines.forEach(take);
    };
  };
  child.stdout?.on("data", read(handlers.line));
  // It says there what was a duplicate, and why it cannot go on.
  child.stderr?.on(
    "data",
    read((line) => {
      if (line.startsWith("fping:")) complaint = line.slice(0, longestFpingLine);
      handlers.line(line);
    }),
  );
  child.on("error", (cause: NodeJS.ErrnoException) => {
    const missing = "ICMP probes need fping here: install it (Debian: apt-get install fping)";
    end(cause.code === "ENOENT" ? missing : `fping does not start: ${cause.code}`);
  });
  child.on("exit", (code, signal) => end(complaint === "" ? `fping ended with ${code ?? signal}` : complaint));
  return () => {
    stopped = true;
    child.kill("SIGTERM");
  };
}
