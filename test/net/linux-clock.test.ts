import { describe, expect, it } from "vitest";
import { clockErrorOf } from "../../agent/net/linux-clock.ts";
import { type Libc, loadLibc } from "../../agent/net/linux-libc.ts";

/** A kernel that says `state`, and of its clock `status` (bits) and `maxError` (µs). */
function errorWith(state: number, status: number, maxError: number): number | undefined {
  const bytes = new Uint8Array(208);
  const view = new DataView(bytes.buffer);
  const libc = {
    arena: () => ({ bytes, view, address: 4_096 }),
    adjtimex(into: number) {
      expect(into).toBe(4_096);
      // `modes` must be empty: anything else would set the clock.
      expect(view.getUint32(0, true)).toBe(0);
      view.setBigInt64(24, BigInt(maxError), true);
      view.setInt32(40, status, true);
      return state;
    },
  } as Partial<Libc> as Libc;
  return clockErrorOf(libc)();
}

describe("adjtimex(2)", () => {
  it.each([
    ["TIME_OK", 0, 0x2001, 1_500, 0.0015],
    ["a leap second today", 1, 0x2011, 20_000, 0.02],
    ["STA_UNSYNC", 0, 0x40, 16_000_000, undefined],
    ["TIME_ERROR", 5, 0, 1_500, undefined],
    ["a refused call", -1, 0, 0, undefined],
  ])("%s", (_, state, status, maxError, expected) => {
    expect(errorWith(state, status, maxError)).toBe(expected);
  });

  it.runIf(process.platform === "linux")("is understood of this host's kernel", async () => {
    const libc = await loadLibc();
    if (!libc.ok) throw new Error(libc.error);
    const error = clockErrorOf(libc.value)();
    if (error !== undefined) expect(error).toBeGreaterThanOrEqual(0);
    // The kernel's own bound: beyond 16 s it calls the clock unsynchronised.
    expect(error ?? 0).toBeLessThanOrEqual(16);
  });
});
