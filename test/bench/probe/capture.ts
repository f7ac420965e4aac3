// What was really on the near end's wire: tcpdump (Debian's package), stamped by the kernel in nanoseconds.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { inNamespace } from "../../routers/lab/processes.ts";
import { readProbe } from "./frames.ts";
import type { WireEvent } from "./truth.ts";

/** Little-endian, nanoseconds (the format of libpcap's files). */
const magic = 0xa1b23c4d;
/** The longest packet that is read here; the rest is cut off. */
const snapLength = 160;
/** tcpdump reads blocks of packets, and leaves the last one unread when it is ended sooner. Milliseconds. */
const bufferedFor = 1_500;

export interface Capture {
  /** Ends it, and gives all probes and answers in the order of the wire. */
  end(): Promise<readonly WireEvent[]>;
}

export async function startCapture(namespace: string, file: string): Promise<Capture> {
  const [command, args] = inNamespace(namespace, "tcpdump", [
    ...["-i", "p0", "-n", "-w", file, "-s", String(snapLength), "-B", "65536", "-Z", "root"],
    ...["--time-stamp-precision=nano", "icmp or icmp6 or udp"],
  ]);
  const child: ChildProcess = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  const listening = new Promise<void>((done, failed) => {
    child.stderr?.on("data", (text: Buffer) => {
      said += text.toString();
      if (said.includes("listening on")) done();
    });
    child.once("error", () => failed(new Error("cannot start tcpdump: apt-get install tcpdump")));
    child.once("exit", (code) => failed(new Error(`tcpdump ended with ${code}: ${said}`)));
  });
  await listening;
  return {
    async end() {
      await sleep(bufferedFor);
      const closed = once(child, "close");
      child.kill("SIGINT");
      await closed;
      const lost = Number(/(\d+) packets? dropped by kernel/.exec(said)?.[1]);
      if (lost !== 0) throw new Error(`tcpdump did not see all: ${said}`);
      return eventsOf(readFileSync(file));
    },
  };
}

export function eventsOf(pcap: Buffer): readonly WireEvent[] {
  if (pcap.readUInt32LE(0) !== magic) throw new Error("no capture with nanoseconds");
  const events: WireEvent[] = [];
  const base = pcap.length > 24 ? pcap.readUInt32LE(24) : 0;
  for (let at = 24; at + 16 <= pcap.length; ) {
    const length = pcap.readUInt32LE(at + 8);
    const probe = readProbe(pcap.subarray(at + 16, at + 16 + length));
    // Nanoseconds since the first packet's second: exact in a double.
    if (probe !== undefined)
      events.push({ ...probe, at: (pcap.readUInt32LE(at) - base) * 1e9 + pcap.readUInt32LE(at + 4) });
    at += 16 + length;
  }
  return events.toSorted((a, b) => a.at - b.at);
}
