import { describe, expect, it } from "vitest";
import { createConfirming } from "../../agent/collect/confirming.ts";
import type { Estate } from "../../agent/estate/estate.ts";
import { subject } from "../../agent/estate/observation.ts";
import { doubtedRouters } from "../../agent/evaluate/doubts.ts";
import { createJudging } from "../../agent/evaluate/judging.ts";
import { type Duration, milliseconds, seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { createFakeClock } from "../support/clock.ts";
import { at, circuit, estate, icmpTo, path } from "../support/estate.ts";

/** The primary MSEE was last answered at 10 s. */
function answered(of: Estate = estate()) {
  const state = createState({ keep: seconds(60) });
  const settled = { received: 1, lost: 0, late: 0, duplicate: 0, reordered: 0, discarded: 0, sendErrors: 0 };
  const probe = { kind: "probe", of: subject.path(path("primary")), index: 0, technique: "icmp", ...settled } as const;
  state.observe({ ...probe, at: at(10), delays: [], lossRun: 0, lastReceivedAt: at(10) });
  return (s: number) => [...doubtedRouters(of, state, at(s))];
}

describe("a router is asked for its interfaces out of turn", () => {
  it("while the far end of its path has been silent for a while, and not for ever", () => {
    const doubted = answered();
    expect([10.2, 10.7, 10.8, 12, 15.9, 16, 3_600].map(doubted)).toEqual([
      [],
      [],
      ["ams-ce1"],
      ["ams-ce1"],
      ["ams-ce1"],
      [],
      [],
    ]);
  });

  it("not for a far end that was never answered, nor for what is behind it", () => {
    expect([...doubtedRouters(estate(), createState({ keep: seconds(60) }), at(11))]).toEqual([]);
    const [peering] = circuit().peerings;
    if (peering === undefined) throw new Error("no peering");
    const paths = { ...peering.paths, primary: path("primary", [icmpTo("198.51.100.9")]) };
    expect(answered(estate({ peerings: [{ ...peering, paths }] }))(11)).toEqual([]);
  });

  it("not where the interface carries several paths, whose counters would not tell", () => {
    const [peering] = circuit().peerings;
    if (peering === undefined) throw new Error("no peering");
    expect(answered(estate({ peerings: [peering, { ...peering, name: "microsoft" }] }))(11)).toEqual([]);
  });

  it("twice within the silence that makes it down, and at most once a second", async () => {
    const clock = createFakeClock(0);
    const state = createState({ keep: seconds(60) });
    const polls: number[] = [];
    const confirming = createConfirming({ clock, poll: () => void polls.push(clock.now()) }, ["ams-ce1", "ams-ce2"]);
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    const doubt = (router: string) => confirming.confirm(router, ["interfaces"]);
    const judging = createJudging({ clock, log, snapshot: state, doubt }, estate());
    const settled = { received: 1, lost: 0, late: 0, duplicate: 0, reordered: 0, discarded: 0, sendErrors: 0 };
    const probe = {
      kind: "probe",
      of: subject.path(path("primary")),
      index: 0,
      technique: "icmp",
      ...settled,
    } as const;
    state.observe({ ...probe, at: clock.now(), delays: [], lossRun: 0, lastReceivedAt: clock.now() });
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    judging.start();
    await settle();
    const step = milliseconds(100);
    for (let ms = 0; ms < 60_000; ms += step) {
      clock.pass(step as Duration);
      // The end of a round is awaited.
      await settle();
    }
    judging.stop();
    expect(polls.filter((ms) => ms <= 2_000)).toHaveLength(2);
    expect(polls.length).toBeLessThanOrEqual(7);
    expect(polls.every((ms, i) => i === 0 || ms - (polls[i - 1] ?? 0) >= 1_000)).toBe(true);
  });
});
