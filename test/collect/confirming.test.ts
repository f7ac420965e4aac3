import { describe, expect, it } from "vitest";
import { createConfirming } from "../../agent/collect/confirming.ts";
import { createFakeClock } from "../support/clock.ts";

function scene() {
  const clock = createFakeClock(0);
  const polled: string[] = [];
  const poll = (router: string, group: string) => void polled.push(`${clock.now()} ${router} ${group}`);
  return { clock, polled, confirming: createConfirming({ clock, poll }, ["ce1", "ce2"]) };
}

describe("a confirming poll", () => {
  it("begins at once", () => {
    const { confirming, polled } = scene();
    confirming.confirm("ce1", ["interfaces", "bgp"]);
    expect(polled).toEqual(["0 ce1 interfaces", "0 ce1 bgp"]);
  });

  it("comes once per router and second, the last one for whatever was asked meanwhile", () => {
    const { confirming, polled, clock } = scene();
    confirming.confirm("ce1", ["bgp"]);
    for (let i = 0; i < 9; i++) {
      clock.pass(100);
      confirming.confirm("ce1", [i === 3 ? "interfaces" : "bgp"]);
    }
    confirming.confirm("ce2", ["bgp"]);
    expect(polled).toEqual(["0 ce1 bgp", "900 ce2 bgp"]);
    clock.pass(5_000);
    expect(polled.slice(2)).toEqual(["1000 ce1 bgp", "1000 ce1 interfaces"]);
    expect([...confirming.rounds()]).toEqual([
      ["ce1", 2],
      ["ce2", 1],
    ]);
    confirming.confirm("ce1", ["bgp"]);
    expect(polled.slice(4)).toEqual(["5900 ce1 bgp"]);
  });

  it("follows the very last of a storm of a minute, and there are no more than sixty-one of them", () => {
    const { confirming, polled, clock } = scene();
    for (let ms = 0; ms < 60_000; ms += 7) {
      confirming.confirm("ce1", ["bgp"]);
      clock.pass(7);
    }
    const last = clock.now();
    clock.pass(2_000);
    expect(confirming.rounds().get("ce1")).toBeLessThanOrEqual(61);
    expect(confirming.rounds().get("ce1")).toBeGreaterThanOrEqual(60);
    expect(Number(polled.at(-1)?.split(" ")[0])).toBeGreaterThanOrEqual(last - 7);
  });

  it("does not come any more once it was stopped, nor for a router that nobody knows", () => {
    const { confirming, polled, clock } = scene();
    confirming.confirm("ce1", ["bgp"]);
    confirming.confirm("ce1", ["bgp"]);
    confirming.confirm("ce9", ["bgp"]);
    confirming.stop();
    clock.pass(5_000);
    expect(polled).toEqual(["0 ce1 bgp"]);
    expect(clock.pending()).toBe(0);
  });
});
