// Our prober and our reflector against STAMP that nobody here wrote: Scapy's, which builds and reads each packet of the
// other end (foreign_stamp.py), over real sockets.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import type { ProbeObservation } from "../../agent/estate/observation.ts";
import { eventually } from "../support/eventually.ts";
import { startProber, startReflector } from "./stamp-ends.ts";

type Line = Readonly<Record<string, unknown>>;

/** Debian's own interpreter: another one in the PATH has not Debian's modules. */
const python = "/usr/bin/python3";
const programFile = fileURLToPath(new URL("foreign_stamp.py", import.meta.url));
const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill();
});

/** Starts one role of the program; its lines so far, and its end. */
function scapy(role: "reflector" | "sender", port: number, argument: number) {
  if (!existsSync(python)) throw new Error(`${python} is missing. Run: apt-get install python3 python3-scapy`);
  const child = spawn(python, [programFile, role, `${port}`, `${argument}`], { stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  const lines: Line[] = [];
  let errors = "";
  createInterface(child.stdout).on("line", (line) => lines.push(JSON.parse(line)));
  child.stderr.on("data", (text: Buffer) => {
    errors += text.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const alive = () => {
    if (child.exitCode !== null) throw new Error(`apt-get install python3-scapy? It ended: ${errors}`);
    return true;
  };
  return { lines, alive, ended, errors: () => errors };
}

describe("Scapy's Session-Reflector answers our prober", () => {
  for (const stateful of [true, false]) {
    it(`${stateful ? "stateful: each loss on the way that it was lost" : "stateless: losses, of no way"}`, async () => {
      const foreign = scapy("reflector", 0, stateful ? 1 : 0);
      await eventually("the reflector listens", () => foreign.alive() && foreign.lines.length > 0);
      // Scapy takes milliseconds for a packet, and the first are kept waiting while Python loads the rest of it.
      const { observed, stop } = startProber(Number(foreign.lines[0]?.port), 40, 3_000);
      const sum = (count: (o: ProbeObservation) => number | undefined) =>
        observed.reduce((all, observation) => all + (count(observation) ?? 0), 0);
      const settled = () => sum(({ received, lost }) => received + lost);
      const lost = () => sum((o) => o.lost);
      await eventually("all is settled", () => foreign.alive() && settled() >= 90 && lost() >= 18);
      await stop();

      const requests = foreign.lines.slice(1);
      // What the other end says that it did to them.
      const [forward, backward] = ["forward", "backward"].map(
        (way) => requests.filter(({ lost }) => lost === way).length,
      );
      expect([forward, backward]).toEqual([12, 6]);
      expect(lost()).toBe(18);
      expect(sum((o) => o.sendErrors + o.duplicate + o.late)).toBe(0);
      if (stateful) {
        expect([sum((o) => o.directions?.forward), sum((o) => o.directions?.backward)]).toEqual([12, 6]);
      } else {
        expect(observed.every(({ directions }) => directions === undefined)).toBe(true);
      }
      const delays = observed.flatMap((o) => o.delays);
      expect(delays.length).toBeGreaterThan(20);
      for (const delay of delays) expect(delay).toBeGreaterThan(0);

      const heard = requests.filter((r) => r.lost !== "forward");
      for (const request of heard) {
        expect(request).toMatchObject({ kind: "STAMPSessionSenderTestUnauthenticated", length: 44, mbz: 0, ttl: 64 });
        expect(request.estimate).toMatchObject({ z: 0 });
      }
      const numbers = heard.map((r) => Number(r.seq));
      expect(numbers).toEqual(heard.map((r) => Number(r.n) - 1));
      // The timestamp is a nonce as well, never far from the time.
      for (const { age } of heard) expect(Math.abs(Number(age))).toBeLessThan(10);
    });
  }
});

describe("our Session-Reflector answers Scapy's Session-Sender", () => {
  it("with every field of the RFC, and the TLVs that it does not know marked as unknown", async () => {
    const reflector = await startReflector();
    const foreign = scapy("sender", reflector.port(), 10);
    const code = await foreign.ended;
    await reflector.stop();
    expect(code, foreign.errors()).toBe(0);
    expect(foreign.lines).toHaveLength(10);
    foreign.lines.forEach((answer, n) => {
      const withTlv = n % 2 === 1;
      expect(answer).toMatchObject({
        kind: "STAMPSessionReflectorTestUnauthenticated",
        asked: withTlv ? 52 : 44,
        length: withTlv ? 52 : 44,
        seq: n,
        seq_sender: 100 + n,
        copied: true,
        estimate_sender: { s: 1, z: 0, scale: 12, multiplier: 9 },
        ssid: 4711,
        ttl_sender: 64,
        mbz: [0, 0],
        // U, "not recognised", as the sender set it (RFC 8972 section 4).
        tlvs: withTlv ? [[0x80, 240, 4, "abcd"]] : [],
      });
      const order = answer.order as number[];
      expect([...order].sort((a, b) => a - b)).toEqual(order);
      expect((answer.estimate as Line).multiplier).toBeGreaterThan(0);
    });
  });
});
