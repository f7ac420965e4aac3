import { describe, expect, it } from "vitest";
import { pathsOf } from "../../agent/estate/estate.ts";
import { later } from "../../agent/lib/clock.ts";
import { seconds } from "../../agent/lib/duration.ts";
import { linkStatus } from "../../agent/web/link-status.ts";
import { linkWords } from "../../agent/web/link-words.ts";
import { bfdOf, linkOf, neighborOf } from "../support/link-observations.ts";
import { routerProbeOf } from "../support/router-probe-observations.ts";
import { fourCircuits, now, stateOf } from "./scene.ts";

const estate = fourCircuits();
const path = pathsOf(estate)[0] ?? expect.fail();
const router = estate.routers.get(path.router);
const { remoteAddress } = path.session;
const told = (snapshot = stateOf(estate), at = now) =>
  linkWords({ remoteAddress, evidence: linkStatus(path, router, snapshot, at) });

function stateWithLink() {
  const state = stateOf(estate);
  for (const observation of linkOf(path.router, remoteAddress, path.interface, now)) state.observe(observation);
  return state;
}

describe("what the router tells of a link", () => {
  it("is nothing where it tells nothing", () => {
    expect(told()).toEqual([]);
    expect(linkStatus(path, undefined, stateOf(estate), now)).toEqual({
      bfd: null,
      neighbor: null,
      optics: null,
      prefixes: null,
      routerProbes: null,
    });
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
