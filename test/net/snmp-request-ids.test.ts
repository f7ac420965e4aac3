import { describe, expect, it } from "vitest";
import { createRequestIds } from "../../agent/net/snmp-request-ids.ts";
import { greatestRequestId, leastRequestId } from "../../agent/wire/snmp/request.ts";

describe("request ids", () => {
  it("lie where each takes four octets, and do not repeat", () => {
    const ids = createRequestIds();
    const seen = new Set<number>();
    for (let i = 0; i < 2_000; i++) seen.add(ids.next((id) => seen.has(id)));
    expect(seen.size).toBe(2_000);
    for (const id of seen) {
      expect(id).toBeGreaterThanOrEqual(leastRequestId);
      expect(id).toBeLessThanOrEqual(greatestRequestId);
    }
  });

  it("skip those in use and those that ended lately", () => {
    const given = [7, 7, 8, 9];
    const ids = createRequestIds(() => given.shift() ?? 0);
    expect(ids.next(() => false)).toBe(leastRequestId + 7);
    ids.end(leastRequestId + 7, "late");
    expect(ids.next((id) => id === leastRequestId + 8)).toBe(leastRequestId + 9);
    expect(ids.endedAs(leastRequestId + 7)).toBe("late");
    expect(ids.endedAs(leastRequestId + 9)).toBeUndefined();
  });

  it("forget the oldest, so that memory is bounded", () => {
    const ids = createRequestIds(() => 0);
    for (let id = 1; id <= 50_000; id++) ids.end(id, "duplicate");
    expect(ids.endedAs(50_000)).toBe("duplicate");
    expect(ids.endedAs(1)).toBeUndefined();
  });
});
