// Which way a trace left, what a path MTU means, and when a finding begins and ends.

import { describe, expect, it } from "vitest";
import { parseSubnet } from "../../agent/estate/address.ts";
import type { Estate } from "../../agent/estate/estate.ts";
import type { PathFinding } from "../../agent/estate/finding.ts";
import { type SubjectKey, subject } from "../../agent/estate/observation.ts";
import type { MtuObservation, TraceObservation, Tracing } from "../../agent/estate/tracing.ts";
import { pairFindings, pathFindings } from "../../agent/evaluate/findings.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { at, circuit, path, estate as small } from "../support/estate.ts";

const target = "10.100.0.4";
const key = subject.path(path("primary"));
const pair = small().globalReach.get("ams-sin")?.pairs[0];
if (pair === undefined) throw new Error("the small estate has a pair");

function estateOf(rest: Partial<Tracing> = {}, also: Partial<Estate> = {}): Estate {
  const traced = (of: SubjectKey) => ({
    of,
    technique: "icmp" as const,
    address: target,
    port: 0,
    source: undefined,
    interface: undefined,
    dscp: 0,
    mtu: 1_500,
  });
  const tracing: Tracing = {
    interval: seconds(300),
    pause: seconds(30),
    mtuInterval: seconds(3_600),
    packetRate: 50,
    ownPrefixes: [],
    targets: [traced(key), traced(subject.pair(pair as NonNullable<typeof pair>))],
    ...rest,
  };
  return { ...small(), ...also, tracing };
}

const trace = (hops: string, rest: Partial<TraceObservation> = {}): TraceObservation => ({
  kind: "trace",
  of: key,
  at: at(100),
  why: "scheduled",
  technique: "icmp",
  target,
  hops: hops
    .split(" ")
    .map((address, i) => ({ ttl: i + 1, address: address === "*" ? undefined : address, delay: 0.001, tries: 1 })),
  end: "reached",
  detail: "",
  ...rest,
});

const mtu = (rest: Partial<MtuObservation>): MtuObservation => ({
  kind: "mtu",
  of: key,
  at: at(100),
  technique: "icmp",
  target,
  result: "whole",
  mtu: 1_500,
  by: undefined,
  ...rest,
});

function judged(
  seen: readonly (TraceObservation | MtuObservation)[],
  {
    estate = estateOf(),
    was = [],
    now = at(101),
  }: { estate?: Estate; was?: readonly PathFinding[]; now?: ReturnType<typeof at> } = {},
): readonly PathFinding[] {
  const state = createState({ keep: seconds(10) });
  for (const observation of seen) state.observe(observation);
  return pathFindings({ estate, snapshot: state, now }, path("primary"), was);
}
const kinds = (findings: readonly PathFinding[]) => findings.map(({ kind }) => kind);

describe("a trace", () => {
  it.each([
    ["over its own link", "10.0.0.1 172.16.0.2 10.100.0.4", []],
    ["over its own link, from a router of the other", "10.255.0.12 10.255.0.11 172.16.0.2 10.100.0.4", []],
    ["over the other link", "10.255.0.11 10.255.0.12 172.16.0.6 10.100.0.4", ["tracedOverOtherLink"]],
    ["over the other link, and then through its own MSEE", "10.0.0.1 172.16.0.6 172.16.0.2", ["tracedOverOtherLink"]],
    ["through the internet", "10.0.0.1 198.41.0.4 192.5.5.241 10.100.0.4", ["tracedOverInternet"]],
    ["over public addresses of our own first, and then over its link", "198.41.0.4 172.16.0.2 10.100.0.4", []],
    ["through the internet and never arriving", "10.0.0.1 198.41.0.4 * * *", ["tracedOverInternet"]],
    ["that nobody tells of", "10.0.0.1 * 10.100.0.4", []],
    ["in which nobody answers", "* * *", []],
  ])("%s", (_, hops, expected) => {
    expect(kinds(judged([trace(hops)]))).toEqual(expected);
  });

  it("says which hop it was, and whose", () => {
    expect(judged([trace("10.0.0.1 172.16.0.6 10.100.0.4")])).toEqual([
      {
        kind: "tracedOverOtherLink",
        since: at(101),
        owner: "customer",
        evidence: "icmp trace to 10.100.0.4 went over the secondary link of ams-1: hop 2 is 172.16.0.6, its MSEE",
      },
    ]);
  });

  it("over another circuit is over another link", () => {
    const other = circuit({ name: "ams-2" });
    const [peering] = other.peerings;
    if (peering === undefined) throw new Error("a circuit has a peering");
    const far = {
      ...path("primary"),
      circuit: "ams-2",
      session: { ...path("primary").session, remoteAddress: "172.16.9.2" },
    };
    const peerings = [{ ...peering, paths: { ...peering.paths, primary: far } }];
    const circuits = new Map([
      ["ams-1", circuit()],
      ["ams-2", { ...other, peerings }],
    ]);
    const [found] = judged([trace("10.0.0.1 172.16.9.2 10.100.0.4")], { estate: estateOf({}, { circuits }) });
    expect(found?.evidence).toContain("went over the primary link of ams-2");
  });

  it("is not outside in a public prefix of our own, at a router of ours, or at a public target", () => {
    const own = parseSubnet("198.41.0.0/24");
    const estate = estateOf({ ownPrefixes: own.ok ? [own.value] : [] });
    expect(judged([trace("10.0.0.1 198.41.0.4 10.100.0.4")], { estate })).toEqual([]);
    expect(judged([trace("10.0.0.1 192.5.5.241", { target: "192.5.5.241" })])).toEqual([]);
    // An MSEE that answers nothing, and Microsoft's own public addresses behind it.
    expect(judged([trace("10.0.0.1 * 104.44.1.1 13.107.6.152", { target: "13.107.6.152" })])).toEqual([]);
    expect(kinds(judged([trace("10.0.0.1 104.44.1.1 13.107.6.152", { target: "13.107.6.152" })]))).toEqual([
      "tracedOverInternet",
    ]);
  });
});

describe("a finding", () => {
  const was = judged([trace("10.0.0.1 172.16.0.6 10.100.0.4", { at: at(50) })], { now: at(51) });

  it("keeps its beginning while it is seen again", () => {
    expect(judged([trace("10.0.0.1 172.16.0.6 10.100.0.4")], { was })).toMatchObject([{ since: at(51) }]);
  });

  it("stays while a trace tells nothing, and goes with one over its own link", () => {
    expect(judged([trace("10.0.0.1 * * *", { end: "silent" })], { was })).toEqual(was);
    expect(judged([trace("", { end: "unsent", hops: [] })], { was })).toEqual(was);
    expect(judged([trace("10.0.0.1 172.16.0.2 10.100.0.4")], { was })).toEqual([]);
  });

  it("goes when nothing was traced for three intervals", () => {
    const seen = [trace("10.0.0.1 172.16.0.6 10.100.0.4")];
    expect(kinds(judged(seen, { was, now: at(999) }))).toEqual(["tracedOverOtherLink"]);
    expect(judged(seen, { was, now: at(1_001) })).toEqual([]);
  });

  it("is none where nothing is traced", () => {
    expect(judged([trace("10.0.0.1 172.16.0.6 10.100.0.4")], { estate: small(), was })).toEqual([]);
  });
});

describe("a path MTU", () => {
  it("that is as large as expected is nothing to notice, nor is one that is not known", () => {
    expect(judged([mtu({})])).toEqual([]);
    for (const result of ["unanswered", "lossy", "unsent"] as const) {
      expect(judged([mtu({ result, mtu: undefined })])).toEqual([]);
    }
  });

  it.each([
    ["172.16.0.2", "microsoft"],
    ["10.255.0.11", "customer"],
    ["10.77.0.1", "unknown"],
  ])("that %s says is smaller is a finding with %s", (by, owner) => {
    const [found] = judged([mtu({ result: "limited", mtu: 1_400, by })]);
    expect(found).toMatchObject({ kind: "pathMtuLow", owner });
    expect(found?.evidence).toBe(
      `path MTU to 10.100.0.4 (icmp) is 1400 octets, and 1500 are expected: ${by} says that a larger packet does not fit its next hop`,
    );
  });

  it("beyond which packets vanish is a black hole, and stays one while a search cannot tell", () => {
    const hole = mtu({ result: "blackHole", mtu: 1_400 });
    expect(kinds(judged([hole]))).toEqual(["pathMtuBlackhole"]);
    expect(kinds(judged([hole, mtu({ result: "lossy", mtu: undefined, at: at(101) })]))).toEqual(["pathMtuBlackhole"]);
    expect(judged([hole, mtu({ at: at(101) })])).toEqual([]);
  });

  it("limited by this host is ours", () => {
    expect(judged([mtu({ result: "ownInterface", mtu: 1_450 })])).toMatchObject([
      { kind: "pathMtuLow", owner: "customer" },
    ]);
  });

  it("stands beside what a trace tells", () => {
    const both = judged([trace("10.0.0.1 172.16.0.6 10.100.0.4"), mtu({ result: "blackHole", mtu: 1_400 })]);
    expect(kinds(both)).toEqual(["tracedOverOtherLink", "pathMtuBlackhole"]);
  });
});

describe("a Global Reach pair", () => {
  const of = subject.pair(pair);
  const found = (hops: string) => {
    const state = createState({ keep: seconds(10) });
    state.observe(trace(hops, { of }));
    return kinds(pairFindings({ estate: estateOf(), snapshot: state, now: at(101) }, pair, []));
  };

  it("may take either link of its circuits, and not the internet", () => {
    expect(found("10.0.0.1 172.16.0.2 10.20.0.11")).toEqual([]);
    expect(found("10.0.0.1 172.16.0.6 10.20.0.11")).toEqual([]);
    expect(found("10.0.0.1 198.41.0.4 10.20.0.11")).toEqual(["tracedOverInternet"]);
  });
});
