import { describe, expect, it } from "vitest";
import { pathsOf } from "../../agent/estate/estate.ts";
import { later } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { linkStatus } from "../../agent/web/link-status.ts";
import { linkWords } from "../../agent/web/link-words.ts";
import { declaring } from "../support/declared.ts";
import { bfdOf, linkOf, neighborOf } from "../support/link-observations.ts";
import { routerProbeOf } from "../support/router-probe-observations.ts";
import { fourCircuits, now, stateOf } from "./scene.ts";

const estate = fourCircuits();
const path = pathsOf(estate)[0] ?? expect.fail();
const router = estate.routers.get(path.router);
const { remoteAddress } = path.session;
const told = (snapshot = stateOf(estate), at = now) =>
  linkWords({ remoteAddress, evidence: linkStatus(path, router, estate, snapshot, at), communities: [] });

function stateWithLink() {
  const state = stateOf(estate);
  for (const observation of linkOf(path.router, remoteAddress, path.interface, now)) state.observe(observation);
  return state;
}

describe("what the router tells of a link", () => {
  it("is nothing where it tells nothing", () => {
    expect(told()).toEqual([]);
    expect(linkStatus(path, undefined, estate, stateOf(estate), now)).toEqual({
      bfd: null,
      neighbor: null,
      optics: null,
      prefixes: null,
      bestPaths: null,
      routerProbes: null,
    });
  });

  it("says which way the router takes to declared prefixes, and who says so", () => {
    const of = declaring(estate, ["10.60.0.0/16", "10.61.0.0/16", "10.62.0.0/16"]);
    const [declaringPath = path] = pathsOf(of);
    const state = stateOf(of);
    const at = later(now, seconds(-3));
    const other = pathsOf(of)[1]?.session.remoteAddress ?? "";
    const routes = [
      { prefix: "10.60.0.0/16", matched: "10.60.0.0/16", nextHops: [remoteAddress] },
      { prefix: "10.61.0.0/16", matched: "10.0.0.0/8", nextHops: [other] },
      { prefix: "10.62.0.0/16", matched: undefined, nextHops: [] },
    ];
    state.observe({ kind: "bestPaths", router: path.router, remoteAddress, at, source: "snmp", routes });
    const evidence = linkStatus(declaringPath, router, of, state, now);
    expect(linkWords({ remoteAddress, evidence, communities: [] })).toEqual([
      [
        "Best path",
        `10.60.0.0/16 over this link (${remoteAddress}), 10.61.0.0/16 over the other link by 10.0.0.0/8 (${other}), 10.62.0.0/16 no route; by snmp 3s ago`,
      ],
    ]);
  });

  it("says who counted the prefixes where it was the router, in a report of BMP", () => {
    const state = stateOf(estate);
    const connection = {
      kind: "bmpConnection",
      router: path.router,
      connected: true,
      detail: "",
      unconfigured: [],
    } as const;
    state.observe({ ...connection, at: now, since: later(now, seconds(-60)) });
    const gauge = { count: 41, at: later(now, seconds(-20)) };
    const none = { received: undefined, accepted: undefined, advertised: undefined, hasDefault: false, prepends: [] };
    const families = [{ family: "ipv4" as const, ...none, gauge }];
    state.observe({ kind: "bmpPrefixes", router: path.router, remoteAddress, at: now, families });
    expect(told(state)).toEqual([["Prefixes", "ipv4 41 received (received: counted by the router 20s ago)"]]);
  });

  it("is a line for each probe that the router sends itself", () => {
    const state = stateOf(estate);
    const probe = routerProbeOf(path, path.router, remoteAddress, now);
    const result = probe.result ?? expect.fail();
    const of = `(CISCO-RTTMON-MIB) to ${remoteAddress}`;
    for (const one of [
      probe,
      { ...probe, name: "8", running: false },
      { ...probe, name: "9", result: undefined },
      {
        ...probe,
        name: "10",
        result: { ...result, sense: "timeout" as const, sent: 1, received: 0, delay: undefined },
      },
      { ...probe, name: "11", result: { ...result, sense: "busy" as const, sent: 0, received: 0, delay: undefined } },
    ]) {
      state.observe(one);
    }
    expect(told(state)).toEqual([
      ["Router probe", `7 ${of}: ok, 7 of 10 packets, average 2.00 ms, 2s ago`],
      ["Router probe", `8 ${of}: not running`],
      ["Router probe", `9 ${of}: no result yet`],
      ["Router probe", `10 ${of}: timeout, 0 of 1 packet, 2s ago`],
      ["Router probe", `11 ${of}: busy, not measured, 2s ago`],
    ]);
    expect(told(state, later(now, seconds(200)))).toEqual([]);
  });

  it("is a line for each thing", () => {
    expect(told(stateWithLink())).toEqual([
      ["BFD", "up for 1m, detects in 900 ms (300 ms x 3)"],
      ["ARP", "present, 12:34:56:78:9a:bc"],
      ["Optics", "receive -3.1 / – dBm, transmit -2.3 dBm, bias 6.5 mA, 31.0 °C"],
      ["Prefixes", "ipv4 120 received, 118 accepted, 100 active, 12 advertised"],
    ]);
  });

  it("says why BFD is down, and that there is none", () => {
    const state = stateOf(estate);
    const down = { state: "down", diagnostic: "controlDetectionTimeExpired", upSeconds: undefined } as const;
    state.observe(bfdOf(path.router, remoteAddress, now, down));
    state.observe(neighborOf(path.router, remoteAddress, now, "incomplete"));
    expect(told(state)).toEqual([
      ["BFD", "down, controlDetectionTimeExpired, detects in 900 ms (300 ms x 3)"],
      ["ARP", "incomplete"],
    ]);
    state.observe({ kind: "bfd", router: path.router, remoteAddress, at: now, present: false });
    expect(told(state)[0]).toEqual(["BFD", "none on the router"]);
  });

  it("is over when it is stale; that there is no BFD session stays said, since it is looked for rarely", () => {
    const hourLater = later(now, seconds(3_600));
    const state = stateWithLink();
    expect(told(state, hourLater)).toEqual([]);
    state.observe({ kind: "bfd", router: path.router, remoteAddress, at: now, present: false });
    expect(told(state, hourLater)).toEqual([["BFD", "none on the router"]]);
  });
});
