import { describe, expect, it } from "vitest";
import { createPolling } from "../../../agent/collect/polling.ts";
import type { PollGroup } from "../../../agent/estate/observation.ts";
import { createFakeClock } from "../../support/clock.ts";
import { scriptedRouter } from "../../support/scripted-router.ts";
import { mibOf } from "../../support/snmp-responder.ts";
import { estateOf, type Fleet, instancesOf, nameOf } from "./fleet.ts";
import { createPollWatch, groupsOf, type TimedGroup } from "./measures.ts";

const fleet: Fleet = { routers: 2, interval: 1_000, dead: 0, slow: 0 };
const estate = estateOf(fleet, 161);
const silent = { info: () => {}, warn: () => {}, error: () => {} };

const mibs = [0, 1].map((i) =>
  mibOf(Object.fromEntries(instancesOf(i).map(({ oid, value }) => [oid.join("."), value]))),
);

/** Polls two routers; gives what the watch saw, and what it was not shown. */
function scene(groups: readonly TimedGroup[] = groupsOf(estate)) {
  const clock = createFakeClock();
  const scripted = new Map(mibs.map((mib, i) => [nameOf(i), scriptedRouter(mib)]));
  const watch = createPollWatch(fleet, groups);
  const hidden = { next: undefined as PollGroup | undefined, count: 0 };
  const polling = createPolling(
    {
      clock,
      log: silent,
      snmp: { target: ({ router }) => (scripted.get(router) ?? scriptedRouter(mibOf({}))).target },
      observe(observation) {
        if (observation.kind !== "poll") return;
        if (observation.group === hidden.next && observation.router === nameOf(0)) {
          hidden.next = undefined;
          hidden.count += 1;
        } else watch.see(observation);
      },
      leftAlone: watch.leave,
    },
    estate,
  );
  const pass = async (seconds: number) => {
    for (let left = seconds * 10; left > 0; left--) {
      clock.pass(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  watch.begin(clock.now());
  polling.start();
  return { clock, watch, polling, pass, scripted, hidden };
}

describe("the watch over the polls of a benchmark", () => {
  it("holds each group against its own interval, and counts a turn with nothing to ask as such", async () => {
    const { clock, watch, pass } = scene();
    await pass(60);
    const { polls, leftAlone, missed } = watch.times(clock.now());
    expect(missed).toBe(0);
    // Prefixes have a turn at every sixth, optics at every twelfth. The first has no optics, the second neither BFD nor
    // prefixes, and no router sends probes itself, which is said once.
    expect(polls).toBe(5 * 60 + 10 + 1 + 1 + (4 * 60 + 5 + 1 + 1 + 1));
    expect(leftAlone).toBe(4 + 59 + (59 + 9 + 59));
  });

  it("finds turns that did not begin, as many as the polling says", async () => {
    const { clock, watch, pass, polling, scripted } = scene();
    await pass(10);
    scripted.get(nameOf(1))?.hang("interfaces");
    await pass(5);
    scripted.get(nameOf(1))?.release("interfaces");
    await pass(10);
    expect(polling.overruns()).toBeGreaterThan(2);
    expect(watch.times(clock.now()).missed).toBe(polling.overruns());
  });

  it("finds a single poll that nobody told of, in a group of each pace", async () => {
    for (const group of ["bgp", "prefixes"] as const) {
      const { clock, watch, pass, hidden } = scene();
      await pass(20);
      hidden.next = group;
      await pass(20);
      expect(hidden.count).toBe(1);
      expect(watch.times(clock.now()).missed).toBe(1);
    }
  });
});
