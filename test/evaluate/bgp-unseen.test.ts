// Whom the agent asks to look when a router shows no BGP: not everything that SNMP does not show is a dead daemon.

import { describe, expect, it } from "vitest";
import { judge } from "../../agent/evaluate/judge.ts";
import { milliseconds } from "../../agent/lib/duration.ts";
import { createState } from "../../agent/state/state.ts";
import { estate as anEstate, at, circuit, path } from "../support/estate.ts";

/** The primary path's session, which BMP told of until it ended at 100 s, and of which SNMP says so at 120 s. */
function reasonOf(remoteAddress: string, wasPolled: boolean) {
  const own = path("primary");
  const primary = { ...own, session: { ...own.session, remoteAddress } };
  const full = circuit();
  const peerings = full.peerings.map((peering) => ({ ...peering, paths: { ...peering.paths, primary } }));
  const estate = { ...anEstate(), circuits: new Map([["ams-1", { ...full, peerings }]]) };
  const state = createState({ keep: milliseconds(1_000) });
  const router = own.router;
  const bmp = { kind: "bmpConnection", router, detail: "", unconfigured: [] } as const;
  const poll = { kind: "poll", router, group: "bgp", seconds: 0.1 } as const;
  state.observe({ ...bmp, at: at(1), connected: true, since: at(1) });
  state.observe({
    kind: "bmpSession",
    router,
    remoteAddress,
    at: at(2),
    established: true,
    isOld: false,
    remoteAsn: 12_076,
    localAsn: 65_010,
    holdTime: 180,
    ups: 1,
  });
  if (wasPolled) state.observe({ ...poll, at: at(99), result: "ok", detail: "" });
  state.observe({ ...bmp, at: at(100), connected: false, since: at(100) });
  state.observe({ ...poll, at: at(120), result: "noSuchTable", detail: "ams-ce1 shows none" });
  const { reasons } = judge(estate, state, undefined, at(120)).paths[0] ?? expect.fail();
  return reasons.find(({ cause }) => cause === "sessionUnknown");
}

describe("a session that BMP no longer tells of, and SNMP does not show", () => {
  it("is ours to look at, with what ended and how it was", () => {
    for (const wasPolled of [true, false]) {
      const { owner, evidence } = reasonOf("172.16.0.2", wasPolled) ?? expect.fail();
      expect(owner).toBe("customer");
      expect(evidence).toContain("ams-ce1 shows none; it was established when it was last seen");
      expect(evidence.includes("its BMP connection ended as well")).toBe(wasPolled);
    }
  });

  it("is nobody's yet where it is IPv6's, and the router's table may hold no such peers", () => {
    expect(reasonOf("fd00::2", false)).toMatchObject({ owner: "unknown" });
    expect(reasonOf("fd00::2", true)).toMatchObject({ owner: "customer" });
  });
});
