import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { subject } from "../../agent/estate/observation.ts";
import type { RouterProbeObservation, RouterProbeResult } from "../../agent/estate/router-probe.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { at, path } from "../support/estate.ts";
import { noCounters, reading } from "../support/interfaces.ts";

const of = subject.path(path("primary"));

function result(change: Partial<RouterProbeResult> = {}): RouterProbeResult {
  return {
    mark: "1",
    completedAt: undefined,
    sense: "ok",
    sent: 10,
    received: 10,
    complete: true,
    delay: undefined,
    directions: undefined,
    jitter: undefined,
    ...change,
  };
}

const observed = (s: number, read: RouterProbeResult | undefined, name = "7"): RouterProbeObservation => ({
  kind: "routerProbe",
  router: "ams-ce1",
  of,
  at: at(s),
  mib: "CISCO-RTTMON-MIB",
  name,
  target: "172.16.0.2",
  source: undefined,
  frequency: seconds(10),
  running: true,
  result: read,
});

function recordsAfter(...observations: readonly RouterProbeObservation[]) {
  const state = createState({ keep: seconds(60) });
  for (const one of observations) state.observe(one);
  return state.routerProbes(of);
}

describe("a result of a router's probe", () => {
  it("counts once, however often it is read", () => {
    const [record] = recordsAfter(
      observed(1, result({ mark: "1", completedAt: at(0.5) })),
      observed(2, result({ mark: "1", completedAt: at(0.4) })),
      observed(3, result({ mark: "2", completedAt: at(2.5), received: 8, directions: { forward: 1, backward: 1 } })),
      observed(4, undefined),
      observed(5, result({ mark: "2", completedAt: at(2.4), received: 8, directions: { forward: 1, backward: 1 } })),
    );
    expect(record).toMatchObject({
      resultAt: at(2.5),
      answeredAt: at(2.5),
      totals: { results: 2, sent: 20, lost: 2, forward: 1, backward: 1 },
      recent: [
        { at: at(0.5), sent: 10, received: 10 },
        { at: at(2.5), sent: 10, received: 8 },
      ],
    });
  });

  it("of before the first reading counts only where the router says when it was", () => {
    expect(recordsAfter(observed(1, result()))).toMatchObject([{ answeredAt: undefined, totals: { results: 0 } }]);
    expect(recordsAfter(observed(9, result({ completedAt: at(3) })))).toMatchObject([
      { answeredAt: at(3), totals: { results: 1 } },
    ]);
  });

  it("that has no time came after the reading before it, and no earlier time is claimed", () => {
    const [record] = recordsAfter(observed(10, result()), observed(20, result({ mark: "2" })));
    expect(record).toMatchObject({ resultAt: at(10), answeredAt: at(10) });
  });

  it("that is not complete is an answer, and no loss", () => {
    const [record] = recordsAfter(
      observed(1, result()),
      observed(2, result({ mark: "2", sent: 3, received: 2, complete: false })),
      observed(3, result({ mark: "3", sent: 10, received: 9 })),
    );
    expect(record?.totals).toMatchObject({ results: 1, sent: 10, lost: 1 });
    expect(recordsAfter(observed(1, result()), observed(2, result({ mark: "2", complete: false })))).toMatchObject([
      { answeredAt: at(1), totals: { results: 0 } },
    ]);
  });

  it("loses in a row until something comes back; one that could not be made changes nothing", () => {
    const runs = (...received: readonly (number | "not made")[]) =>
      recordsAfter(
        observed(0, result({ mark: "first" })),
        ...received.map((n, i) =>
          observed(
            i + 1,
            n === "not made"
              ? result({ mark: String(i), sense: "busy", sent: 0, received: 0 })
              : result({ mark: String(i), received: n }),
          ),
        ),
      )[0];
    expect(runs(0, 0)).toMatchObject({ lossRun: 20, totals: { lost: 20 } });
    expect(runs(0, "not made", 0)).toMatchObject({ lossRun: 20, totals: { sent: 20, lost: 20 } });
    expect(runs(0, 1, 0)).toMatchObject({ lossRun: 10, answeredAt: at(1) });
  });
});

it("keeps no more probes of a path than eight, however often a router renames them", () => {
  const all = Array.from({ length: 500 }, (_, i) => observed(i, result({ mark: String(i) }), `probe ${i}`));
  const kept = recordsAfter(...all);
  expect(kept.map(({ last }) => last.name)).toEqual(Array.from({ length: 8 }, (_, i) => `probe ${492 + i}`));
});

it("any sequence of readings: every mark counts at most once, and nothing is negative", () => {
  const read = fc.record({
    mark: fc.constantFrom("a", "b", "c"),
    sent: fc.nat(20),
    lost: fc.nat(20),
    complete: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(read, { maxLength: 80 }), (reads) => {
      const observations = reads.map(({ mark, sent, lost, complete }, i) =>
        observed(i, result({ mark, sent, received: Math.max(0, sent - lost), complete })),
      );
      const [record] = recordsAfter(...observations);
      const changes = reads.filter((one, i) => i > 0 && one.mark !== reads[i - 1]?.mark).length;
      expect(record?.totals.results ?? 0).toBeLessThanOrEqual(changes);
      expect(record?.totals.lost ?? 0).toBeGreaterThanOrEqual(0);
      expect(record?.recent.length ?? 0).toBeLessThanOrEqual(32);
    }),
  );
});

describe("the flow of an interface", () => {
  const read = (s: number, octets: readonly [receive: number, transmit: number]) => {
    const [receive, transmit] = octets.map(BigInt);
    return reading(s, { counters: { ...noCounters, receiveBytes: receive, transmitBytes: transmit } });
  };

  function flowAfter(...readings: readonly ReturnType<typeof read>[]) {
    const state = createState({ keep: seconds(60) });
    for (const one of readings) state.observe(one);
    return state.flow("ams-ce1", "er0");
  }

  it("is that of the last two readings between which both counters grew", () => {
    const flow = flowAfter(read(0, [0, 0]), read(1, [1_000, 500]), read(2, [1_000, 900]), read(3, [1_000, 900]));
    expect(flow).toEqual({ from: at(0), to: at(1), receive: 8_000, transmit: 4_000 });
  });

  it("is unknown before two readings, and while only one counter grows", () => {
    expect(flowAfter(read(0, [5, 5]))).toBeUndefined();
    expect(flowAfter(read(0, [0, 0]), read(1, [0, 900]), read(2, [0, 1_800]))).toBeUndefined();
  });

  it("began when the counters were taken before, where the router takes them seldom", () => {
    // Every third reading.
    const taken = [read(0, [0, 0]), read(1, [3_000, 3_000]), read(2, [3_000, 3_000]), read(3, [3_000, 3_000])];
    expect(flowAfter(...taken)).toBeUndefined();
    expect(flowAfter(...taken, read(4, [6_000, 9_000]))).toEqual({
      from: at(0),
      to: at(4),
      receive: 8_000,
      transmit: 16_000,
    });
    // Then the wire swallows what would be received: that they were taken again is no flow.
    const swallowed = [...taken, read(4, [6_000, 9_000]), read(5, [6_000, 9_000]), read(6, [6_000, 12_000])];
    expect(flowAfter(...swallowed)?.to).toBe(at(4));
    expect(flowAfter(...swallowed, read(7, [7_000, 13_000]))).toEqual({
      from: at(6),
      to: at(7),
      receive: 8_000,
      transmit: 8_000,
    });
  });

  it("began a reading sooner when what rose at two in a row stands at the third: it is taken seldom after all", () => {
    // Taken at 10 and 20, and asked for out of turn: what came from 10 on is read as if it had come since 19.
    const inTurn = [read(0, [0, 0]), read(19, [90_000, 90_000]), read(20, [140_000, 140_000])];
    expect(flowAfter(...inTurn)).toMatchObject({ from: at(19), to: at(20) });
    expect(flowAfter(...inTurn, read(21, [140_000, 140_000]))).toMatchObject({ from: at(0), to: at(20) });
    // A moment says nothing; and of one that is taken at each reading nothing changes.
    expect(flowAfter(...inTurn, read(20.2, [140_000, 140_000]))).toMatchObject({ from: at(19), to: at(20) });
    expect(flowAfter(...inTurn, read(21, [150_000, 150_000]))).toMatchObject({ from: at(20), to: at(21) });
  });

  it("is unknown where counters stood from the first reading on: nobody knows since when", () => {
    expect(flowAfter(read(0, [0, 0]), read(1, [0, 0]), read(2, [9_000, 9_000]))).toBeUndefined();
  });

  it("is not told by counters that began anew", () => {
    expect(flowAfter(read(0, [2 ** 40, 2 ** 40]), read(1, [1_000, 1_000]))).toBeUndefined();
  });
});
