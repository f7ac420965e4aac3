import { describe, expect, it } from "vitest";
import { createClocks } from "../../agent/host/clocks.ts";
import type { Instant } from "../../agent/lib/clock.ts";

/** Readings a second apart; `[wall, boot]` is by how much more than that second each ran. */
function ranFor(...seconds: readonly (readonly [wall: number, boot: number])[]) {
  const clocks = createClocks();
  let [monotonic, wall, boot] = [5_000, 1_800_000_000_000, 9_000];
  const read = () => clocks.read({ monotonic: monotonic as Instant, wall, boot });
  read();
  for (const [more, slept] of seconds) {
    monotonic += 1_000;
    wall += 1_000 + more;
    boot += 1_000 + slept;
    read();
  }
  return { steps: clocks.steps(), slept: clocks.slept(), sleep: clocks.lastSleep() };
}

describe("clocks", () => {
  it("that run together say nothing", () => {
    expect(ranFor([0, 0], [12, -9], [-12, 9])).toEqual({ steps: 0, slept: 0, sleep: undefined });
  });

  it("count each step of the wall clock, forward and back", () => {
    expect(ranFor([3_600_000, 0], [0, 0], [-250, 0]).steps).toBe(2);
  });

  it("tell a sleep from a step, and both at once", () => {
    const asleep = ranFor([0, 0], [30_000, 30_000], [0, 0]);
    expect(asleep).toEqual({ steps: 0, slept: 30_000, sleep: { until: 7_000, length: 30_000 } });
    expect(ranFor([25_000, 30_000])).toMatchObject({ steps: 1, slept: 30_000 });
  });

  it("take whole seconds of boot time for no sleep", () => {
    expect(ranFor([0, 999], [0, -999], [0, 999]).slept).toBe(0);
  });
});
