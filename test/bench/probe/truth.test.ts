import { describe, expect, it } from "vitest";
import { icmpEcho, internetChecksum, writeProbeRequest } from "../../../agent/wire/icmp.ts";
import { eventsOf } from "./capture.ts";
import { probeIn, readProbe, sealUdp } from "./frames.ts";
import { countsOf, probesTo, spreadOf, type WireEvent } from "./truth.ts";

const ms = 1e6;
const event = (direction: "there" | "back", key: string, at: number, address = "10.98.1.1"): WireEvent => ({
  ...{ direction, key, address, at: at * ms, stamp: undefined },
});

describe("what was on the wire", () => {
  it("is counted by the definitions: in time, late, lost, doubled, reordered", () => {
    const events = [
      ...[0, 1, 2, 3, 4].map((n) => event("there", String(n), n * 10)),
      event("there", "0", 5, "10.98.1.2"),
      event("back", "1", 30),
      // Overtaken by the one before it.
      event("back", "0", 31),
      event("back", "1", 32),
      // 500 ms is the threshold: this one is late, and its copy is one.
      event("back", "2", 521),
      event("back", "2", 522),
      event("back", "3", 530),
    ];
    expect(countsOf(probesTo("10.98.1.1", events), 500 * ms)).toEqual({
      ...{ sent: 5, received: 3, lost: 2, late: 1, duplicate: 2, reordered: 1 },
      delays: [20 * ms, 31 * ms, 500 * ms],
    });
  });

  it("is compared in microseconds, the median with its sign", () => {
    const errors = Array.from({ length: 100 }, (_, i) => (i < 90 ? -2_000 : 50_000));
    expect(spreadOf(errors)).toEqual({ n: 100, median: -2, p50: 2, p99: 50, worst: 50 });
  });
});

/** An echo request from 10.99.0.1 to 10.98.1.1 in its Ethernet frame. */
function frame(): Uint8Array {
  const bytes = new Uint8Array(14 + 20 + 64);
  bytes.set([0x08, 0x00], 12);
  bytes.set([0x45], 14);
  bytes.set([1, 0, 0, 10, 99, 0, 1, 10, 98, 1, 1], 23);
  const head = { identifier: 5, sequence: 6 };
  writeProbeRequest(bytes.subarray(34), icmpEcho, head, { stream: 1, sequence: 2, cookie: [3, 4] });
  return bytes;
}

describe("a frame", () => {
  it("is known as a probe, by its far end", () => {
    expect(readProbe(frame())).toMatchObject({ direction: "there", address: "10.98.1.1", stamp: undefined });
    const answer = frame();
    answer[34] = 0;
    expect(readProbe(answer)).toMatchObject({ direction: "back", address: "10.99.0.1" });
    expect(readProbe(answer)?.key).toBe(readProbe(frame())?.key);
  });

  it("of something else is none", () => {
    const arp = frame().fill(6, 13, 14);
    expect(probeIn(arp)).toBe(false);
    expect(readProbe(frame().subarray(0, 30))).toBeUndefined();
  });

  it("of UDP gets the checksum that a receiver asks for", () => {
    const udp = frame();
    udp[23] = 17;
    new DataView(udp.buffer).setUint16(38, 64);
    sealUdp(udp);
    const pseudo = Uint8Array.of(...udp.subarray(26, 34), 0, 17, 0, 64);
    expect(internetChecksum(Uint8Array.of(...pseudo, ...udp.subarray(34)))).toBe(0);
  });

  it("is read from a capture with its nanoseconds", () => {
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b23c4d, 0);
    const record = (seconds: number, ns: number) => {
      const head = Buffer.alloc(16);
      for (const [i, value] of [seconds, ns, frame().length, frame().length].entries())
        head.writeUInt32LE(value, i * 4);
      return Buffer.concat([head, frame()]);
    };
    const events = eventsOf(Buffer.concat([header, record(1_700_000_000, 999_999_999), record(1_700_000_001, 1)]));
    expect(events.map(({ at }) => at)).toEqual([999_999_999, 1_000_000_001]);
  });
});
