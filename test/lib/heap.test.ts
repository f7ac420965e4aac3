import { describe, expect, it } from "vitest";
import { growWhileManyWait } from "../../agent/lib/heap.ts";
import { createFakeClock } from "../support/clock.ts";

describe("room for what waits", () => {
  /** How often it was asked how many wait. */
  function asked(routers: number) {
    const clock = createFakeClock();
    let times = 0;
    const stop = growWhileManyWait(clock, routers, () => {
      times++;
      return 0;
    });
    return { clock, stop, times: () => times };
  }

  it("is looked after every five seconds, until it ends", () => {
    const { clock, stop, times } = asked(1_000);
    clock.pass(16_000);
    expect(times()).toBe(3);
    stop();
    clock.pass(60_000);
    expect(times()).toBe(3);
  });

  it("is no matter of fewer routers, whose heap is small", () => {
    const { clock, times } = asked(999);
    clock.pass(60_000);
    expect(times()).toBe(0);
  });
});
