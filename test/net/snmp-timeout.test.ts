import { describe, expect, it } from "vitest";
import { milliseconds } from "../../agent/lib/duration.ts";
import { backOff, newTimeout, takeSample, timeoutAfter } from "../../agent/net/snmp-timeout.ts";

const limits = { initial: milliseconds(1_000), floor: milliseconds(200), cap: milliseconds(2_000) };

describe("RFC 6298 section 2", () => {
  it("starts at the initial value and doubles with each transmission up to the cap", () => {
    const timeout = newTimeout(limits);
    expect([1, 2, 3].map((sent) => timeoutAfter(timeout, sent))).toEqual([1_000, 2_000, 2_000]);
  });

  it("takes SRTT + 4 RTTVAR of the samples", () => {
    const timeout = newTimeout(limits);
    takeSample(timeout, milliseconds(300));
    // (2.2) SRTT = R, RTTVAR = R/2
    expect(timeoutAfter(timeout, 1)).toBe(300 + 4 * 150);
    takeSample(timeout, milliseconds(400));
    // (2.3) RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R|, then SRTT = 7/8 SRTT + 1/8 R
    expect(timeoutAfter(timeout, 1)).toBe(312.5 + 4 * (0.75 * 150 + 0.25 * 100));
  });

  it("stays between floor and cap", () => {
    const timeout = newTimeout(limits);
    for (let i = 0; i < 50; i++) takeSample(timeout, milliseconds(1));
    expect(timeoutAfter(timeout, 1)).toBe(200);
    for (let i = 0; i < 50; i++) takeSample(timeout, milliseconds(9_000));
    expect(timeoutAfter(timeout, 1)).toBe(2_000);
  });

  it("backs off for later requests too, until a sample, but no further than the initial value", () => {
    const timeout = newTimeout(limits);
    takeSample(timeout, milliseconds(10));
    expect(timeoutAfter(timeout, 1)).toBe(200);
    const backedOff = [1, 2, 3, 4].map(() => {
      backOff(timeout);
      return timeoutAfter(timeout, 1);
    });
    expect(backedOff).toEqual([400, 800, 1_000, 1_000]);
    takeSample(timeout, milliseconds(10));
    expect(timeoutAfter(timeout, 1)).toBe(200);
  });
});
