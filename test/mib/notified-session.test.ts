import { describe, expect, it } from "vitest";
import { notifiedSession } from "../../agent/mib/notified-session.ts";
import { oid } from "../../agent/wire/snmp/oid.ts";
import type { Value } from "../../agent/wire/snmp/value.ts";
import { integer, text } from "../support/cells.ts";

const said = (...varbinds: readonly (readonly [name: string, value: Value])[]) =>
  notifiedSession({
    confirmed: false,
    requestId: 0,
    trapOid: oid("1.3.6.1.2.1.15.0.2"),
    upTime: 0,
    varbinds: varbinds.map(([name, value]) => ({ oid: oid(name), value })),
  });

const bgp4 = "1.3.6.1.2.1.15.3.1";
const cisco = "1.3.6.1.4.1.9.9.187.1.2.5.1";
const six = `2.16.${[0x20, 1, 0x0d, 0xb8, ...Array<number>(11).fill(0), 2].join(".")}`;

describe("a notification of a BGP session", () => {
  it("of BGP4-MIB names the peer by its index, and has state and last error", () => {
    expect(
      said(
        [`${bgp4}.7.172.16.0.2`, { type: "ipAddress", value: "0.0.0.0" }],
        [`${bgp4}.14.172.16.0.2`, text("\x06\x02")],
        [`${bgp4}.2.172.16.0.2`, integer(1)],
      ),
    ).toEqual({ remoteAddress: "172.16.0.2", state: "idle", lastError: [6, 2] });
  });

  it.each([
    ["cbgpPeer2Table", `${cisco}.3.${six}`, `${cisco}.17.${six}`, "2001:db8::2"],
    ["jnxBgpM2PeerTable", "1.3.6.1.4.1.2636.5.1.1.2.1.1.1.2.0.1.172.16.0.1.1.172.16.0.2", "", "172.16.0.2"],
    ["aristaBgp4V2PeerTable", "1.3.6.1.4.1.30065.4.1.1.2.1.13.1.1.4.172.16.0.2", "", "172.16.0.2"],
  ])("of %s names it too", (_, state, error, remoteAddress) => {
    const errors = error === "" ? [] : ([[error, text("\x04\x00")]] as const);
    expect(said([state, integer(3)], ...errors)).toEqual({
      remoteAddress,
      state: "active",
      lastError: error === "" ? undefined : [4, 0],
    });
  });

  it("loses bad values alone, and says nothing where no peer, or more than one, is named", () => {
    expect(said([`${bgp4}.14.172.16.0.2`, text("xyz")], [`${bgp4}.2.172.16.0.2`, integer(9)])).toEqual({
      remoteAddress: "172.16.0.2",
      state: undefined,
      lastError: undefined,
    });
    expect(said()).toBeUndefined();
    expect(said([`${bgp4}.2`, integer(1)], [`${bgp4}.2.172.16`, integer(1)])).toBeUndefined();
    expect(said([`${bgp4}.2.172.16.0.2`, integer(1)], [`${bgp4}.2.172.16.0.6`, integer(1)])).toBeUndefined();
    expect(said(["1.3.6.1.2.1.2.2.1.8.3", integer(2)])).toBeUndefined();
    expect(said([`${bgp4}.2.172.16.0.700`, integer(1)])).toBeUndefined();
  });
});
