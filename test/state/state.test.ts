import { describe, expect, it } from "vitest";
import { type ProbeObservation, type SubjectKey, subject } from "../../agent/estate/observation.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { at } from "../support/estate.ts";
import { linkOf, neighborOf } from "../support/link-observations.ts";

const of: SubjectKey = subject.path({ circuit: "c", peering: "azurePrivate", link: "primary" });

function probes(s: number, received: number, lost: number): ProbeObservation {
  return {
    kind: "probe",
    of,
    index: 0,
    technique: "stamp",
    at: at(s),
    received,
    lost,
    late: 0,
    duplicate: 0,
    reordered: 0,
    discarded: 0,
    sendErrors: 0,
    delays: [],
    lossRun: 0,
    lastReceivedAt: undefined,
  };
}

describe("state", () => {
  it("knows nothing of what was never observed", () => {
    const state = createState({ keep: seconds(10) });
    expect(state.poll("r", "bgp")).toBeUndefined();
    expect(state.interface("r", "er0")).toBeUndefined();
    expect(state.probe(of, 0)).toBeUndefined();
  });

  it("keeps each of many subjects of one router apart, and the last observation of each", () => {
    const state = createState({ keep: seconds(10) });
    const addresses = Array.from({ length: 20 }, (_, i) => `172.16.0.${i}`);
    for (const s of [1, 2]) {
      for (const [i, remoteAddress] of addresses.entries()) {
        state.observe(neighborOf("r", remoteAddress, at(s + i)));
        expect(state.neighbor("r", remoteAddress)?.at).toBe(at(s + i));
      }
    }
    expect(addresses.map((address) => state.neighbor("r", address)?.at)).toEqual(addresses.map((_, i) => at(2 + i)));
    expect(state.neighbor("r", "172.16.0.99")).toBeUndefined();
    expect(state.neighbor("s", "172.16.0.1")).toBeUndefined();
  });

  it("tallies polls by result and remembers when the last one was answered", () => {
    const state = createState({ keep: seconds(10) });
    const poll = { kind: "poll", router: "r", group: "bgp", detail: "", seconds: 0.1 } as const;
    state.observe({ ...poll, at: at(1), result: "ok" });
    state.observe({ ...poll, at: at(2), result: "timeout" });
    state.observe({ ...poll, at: at(3), result: "timeout" });
    expect(state.poll("r", "bgp")).toMatchObject({ lastOkAt: at(1), failuresInRow: 2, results: { ok: 1, timeout: 2 } });
    expect(state.poll("r", "system")).toBeUndefined();
  });

  it("sums probes for good, and holds what can be judged for a while only", () => {
    const state = createState({ keep: seconds(10) });
    for (let s = 0; s < 100; s++) state.observe(probes(s, 4, 1));
    const record = state.probe(of, 0);
    expect(record?.totals).toMatchObject({ settled: 500, lost: 100 });
    expect(record?.since(at(97))).toMatchObject({ probes: 10, lost: 2 });
    expect(record?.since(at(0))).toMatchObject({ probes: 50, lost: 10 });
    expect(state.probe(of, 1)).toBeUndefined();
  });

  it("keeps what a router tells of a link apart by kind, and the latest of each", () => {
    const state = createState({ keep: seconds(10) });
    for (const observation of linkOf("r", "192.0.2.2", "er0", at(1))) state.observe(observation);
    state.observe(neighborOf("r", "192.0.2.2", at(2), "absent"));
    expect(state.bfd("r", "192.0.2.2")).toMatchObject({ kind: "bfd", at: at(1) });
    expect(state.neighbor("r", "192.0.2.2")).toMatchObject({ state: "absent", at: at(2) });
    expect(state.optics("r", "er0")).toMatchObject({ kind: "optics" });
    expect(state.prefixes("r", "192.0.2.2")).toMatchObject({ kind: "prefixes" });
    expect(state.bfd("s", "192.0.2.2")).toBeUndefined();
    expect(state.optics("r", "er1")).toBeUndefined();
  });
});
