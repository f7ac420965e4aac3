import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFpingLine, longestFpingLine } from "../../agent/wire/fping.ts";

// Written by fping 5.1 of Debian 12: `fping -l`, over loopback and to an address behind a firewall.
describe("a line of fping 5.1", () => {
  it.each([
    ["127.0.0.1    : [0], 64 bytes, 0.014 ms (0.014 avg, 0% loss)", "127.0.0.1", 0, 0.014],
    ["::1          : [12], 64 bytes, 20.1 ms (20.1 avg, 0% loss)", "::1", 12, 20.1],
    ["10.98.3.10 : [70000], 64 bytes, 1234 ms (99.9 avg, 3% loss)", "10.98.3.10", 70_000, 1_234],
  ])("is an answer: %s", (line, target, sequence, milliseconds) => {
    expect(decodeFpingLine(line)).toEqual({ ok: true, value: { kind: "reply", target, sequence, milliseconds } });
  });

  it("is a timeout, or a duplicate", () => {
    expect(decodeFpingLine("10.255.255.1 : [3], timed out (NaN avg, 100% loss)")).toEqual({
      ok: true,
      value: { kind: "timeout", target: "10.255.255.1", sequence: 3 },
    });
    expect(decodeFpingLine("10.98.3.1 : duplicate for [4], 64 bytes, 20.3 ms")).toEqual({
      ok: true,
      value: { kind: "duplicate", target: "10.98.3.1", sequence: 4 },
    });
  });

  it.each([
    "ICMP Port Unreachable from 21.4.8.221 for ICMP Echo sent to 10.255.255.1",
    "fping: can't create socket (must run as root?)",
    "127.0.0.1 : xmt/rcv/%loss = 3/3/0%, min/avg/max = 0.014/0.016/0.019",
    "127.0.0.1 : [-1], 64 bytes, 0.014 ms (0.014 avg, 0% loss)",
    "127.0.0.1 : [0], 64 bytes, -0.014 ms (0.014 avg, 0% loss)",
    "127.0.0.1 : [0], 64 bytes, 1e9 ms (0.014 avg, 0% loss)",
    "127.0.0.1 : [0], 64 bytes, 0.014 ms",
    "",
  ])("is of no probe: %s", (line) => {
    expect(decodeFpingLine(line)).toEqual({ ok: false, error: { kind: "otherLine", offset: 0 } });
  });
});

describe("any line", () => {
  it("is read to a value, with finite numbers that are not negative", () => {
    const parts = fc.constantFrom(
      "127.0.0.1",
      "::1",
      " : ",
      "[",
      "]",
      ", ",
      "64 bytes",
      "timed out (",
      " ms (",
      "9",
      ".",
      "-",
      "NaN",
      "duplicate for ",
    );
    const lines = fc.oneof(
      fc.string({ maxLength: 400, unit: "binary" }),
      fc.array(parts, { maxLength: 30 }).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(lines, (line) => {
        const read = decodeFpingLine(line);
        if (!read.ok) {
          expect(read.error.kind).toBe(line.length > longestFpingLine ? "oversized" : "otherLine");
          return;
        }
        expect(Number.isSafeInteger(read.value.sequence)).toBe(true);
        if (read.value.kind === "reply") expect(read.value.milliseconds).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 5_000 },
    );
  });
});
